using System.Globalization;
using System.Text;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// Replays the transcripts of a cluster: each has commands, and below each command all that the nodes do. With <c>RAFTKV_REWRITE=1</c> the
/// test writes what the nodes do now; commit that only when you understand why it changed.
/// </summary>
public sealed class TranscriptTests
{
    public static TheoryData<string> Transcripts() =>
        [.. Directory.GetFiles(Folder(), "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Transcripts))]
    public void The_nodes_do_what_the_transcript_says(string name)
    {
        var file = Path.Combine(Folder(), name + ".txt");
        var expected = File.ReadAllText(file);
        var actual = Replay(expected);
        if (Environment.GetEnvironmentVariable("RAFTKV_REWRITE") == "1")
            File.WriteAllText(file, actual);
        else
            Assert.Equal(expected, actual);
    }

    private static string Replay(string transcript)
    {
        var cluster = new ScriptedCluster();
        var text = new StringBuilder();
        foreach (var line in transcript.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("  ", StringComparison.Ordinal))
                continue;
            text.Append(line).Append('\n');
            if (line.Length == 0 || line[0] == '#')
                continue;
            var quiet = line.EndsWith(" ...", StringComparison.Ordinal);
            cluster.Output.Clear();
            Command(cluster, (quiet ? line[..^4] : line).Split(' '));
            if (!quiet)
                text.Append(cluster.Output);
        }
        return text.ToString();
    }

    private static void Command(ScriptedCluster cluster, string[] words)
    {
        if (words[0].EndsWith(':'))
        {
            NodeCommand(cluster, words[0][..^1], words[1], words[2..]);
            return;
        }
        var (from, to) = words.Length > 1 && words[1] is [var a, '>', var b] ? ($"node{a}", $"node{b}") : ((string?)null, (string?)null);
        switch (words[0])
        {
            case "founders":
                foreach (var id in words[1..])
                    cluster.Add(id, words[1..]);
                break;
            case "empty": cluster.Add(words[1]); break;
            case "disk":
                string[] five = ["node1", "node2", "node3", "node4", "node5"];
                cluster.AddWithLog(words[1], Number(words[3]), five, [.. words[5..].Select(Number)]);
                break;
            case "deliver": cluster.Deliver(from, to); break;
            case "drop": cluster.Drop(from, to); break;
            case "settle": cluster.Settle(); break;
            case "wait": cluster.Wait(double.Parse(words[1], CultureInfo.InvariantCulture)); break;
            case "run": cluster.Run(double.Parse(words[1], CultureInfo.InvariantCulture)); break;
            case "heal": cluster.Heal(); break;
            default: throw new FormatException($"No such command: {string.Join(' ', words)}");
        }
    }

    private static void NodeCommand(ScriptedCluster cluster, string id, string command, string[] rest)
    {
        switch (command)
        {
            case "timeout": cluster.Timeout(id); break;
            case "elect": cluster.Elect(id); break;
            case "propose": cluster.Propose(id, rest); break;
            case "read": cluster.Read(id); break;
            case "lease": cluster.Do(id, now => new LeaseWanted(now)); break;
            case "may-read-from-lease?":
                cluster.Output.AppendLine(cluster.Now.Ticks < cluster.Core(id).LeaseUntil ? "  yes" : "  no");
                break;
            case "add": cluster.Change(id, new AddMember(cluster.NewMember(rest[0], rest is [_, "learner"] ? MemberRole.Learner : MemberRole.Joining))); break;
            case "remove": cluster.Change(id, new RemoveMember(rest[0])); break;
            case "promote": cluster.Change(id, new PromoteMember(rest[0])); break;
            case "transfer": cluster.Transfer(id, rest.FirstOrDefault()); break;
            case "disconnected": cluster.Do(id, now => new PeerDisconnected(now, rest[0])); break;
            case "snapshot": cluster.Snapshot(id, Number(rest[0]), keepForPeers: Number(rest[0])); break;
            case "isolated": cluster.Isolate(id); break;
            case "crash": cluster.Crash(id); break;
            case "start": cluster.Start(id); break;
            case "slow-disk": cluster.SlowDisk(id); break;
            case "fast-disk": cluster.FastDisk(id); break;
            case "appended": cluster.WriteDisk(id, rest is [var count] ? (int)Number(count) : int.MaxValue); break;
            case "state": cluster.Output.Append("  ").AppendLine(cluster.Describe(id)); break;
            default: throw new FormatException($"No such command: {id}: {command}");
        }
    }

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);

    private static string Folder() => Repository.PathOf("tests", "RaftKv.Embedded.Tests", "Consensus", "Transcripts");
}
