using System.CommandLine;
using System.Text.Json;

namespace RaftKv.Embedded.Tool;

/// <summary>For a cluster that has lost its quorum for good.</summary>
internal static class RecoveryCommands
{
    public static Command Inspect()
    {
        var directory = new Argument<string>("directory") { Description = "The data directory of a stopped node" };
        var upToDamage = UpToDamage();
        var json = new Option<bool>("--json") { Description = "Write a report that 'recover' takes on another machine" };
        var command = new Command("inspect", "Says what a stopped node has on its disk, and verifies its log; changes nothing") { directory, json, upToDamage };
        command.SetAction(parsed =>
        {
            var survivor = RaftKvRecovery.Inspect(parsed.GetRequiredValue(directory), parsed.GetValue(upToDamage));
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(survivor, ToolJson.Default.RaftKvSurvivor));
            else
                Say(survivor);
            return 0;
        });
        return command;
    }

    public static Command Recover()
    {
        var survivors = new Argument<string[]>("survivors") { Description = "Data directories of stopped nodes, or reports that 'inspect --json' wrote", Arity = ArgumentArity.OneOrMore };
        var confirm = new Option<Guid?>("--confirm") { Description = "The id of the cluster that is given up; without it, nothing is changed" };
        var upToDamage = UpToDamage();
        var node = new NodeOptions();
        var command = new Command("recover", "Ranks what is left of a cluster, says what may be lost and, when confirmed, begins a new cluster with the best of it") { survivors, confirm, upToDamage };
        node.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var found = parsed.GetRequiredValue(survivors).Select(survivor => Load(survivor, parsed.GetValue(upToDamage)));
            return Task.FromResult(Recover(found, node.From(parsed), parsed.GetValue(confirm), cancellationToken));
        });
        return command;
    }

    public static Command Retire()
    {
        var directory = new Argument<string>("directory") { Description = "The data directory of a stopped node of the old cluster" };
        var cluster = new Option<Guid>("--cluster") { Description = "The id of the cluster that came after", Required = true };
        var command = new Command("retire", "Keeps a survivor's directory from starting, after a recovery on another machine; its data stays") { directory, cluster };
        command.SetAction(parsed =>
        {
            RaftKvRecovery.Retire(parsed.GetRequiredValue(directory), parsed.GetRequiredValue(cluster));
            return 0;
        });
        return command;
    }

    private static Option<bool> UpToDamage() => new("--up-to-damage") { Description = "A damaged log counts up to the damage; what was acknowledged behind it is lost" };

    private static int Recover(IEnumerable<RaftKvSurvivor> survivors, (string Directory, string NodeId, string Address) node, Guid? confirmed, CancellationToken cancellationToken)
    {
        var plan = RaftKvRecovery.Plan(survivors);
        Console.WriteLine($"Cluster {plan.ClusterId}, the best survivor first:");
        foreach (var survivor in plan.Ranked)
            Say(survivor);
        foreach (var finding in plan.Findings)
            Console.WriteLine($"- {finding}");
        if (plan.HasQuorum)
            return 2;
        if (confirmed is not { } clusterId)
        {
            Console.WriteLine($"Nothing was changed. To begin a new cluster with what {plan.Best.NodeId} has, repeat this with --confirm {plan.ClusterId}");
            return 0;
        }
        var restored = RaftKvRecovery.Start(plan, node.Directory, node.NodeId, node.Address, clusterId, cancellationToken);
        foreach (var other in plan.Ranked.Skip(1))
            Console.WriteLine($"On its machine: raftkv retire {other.DataDirectory} --cluster {restored.ClusterId}");
        BackupCommands.SayWhatIsNext(restored, node.Directory, node.NodeId);
        return 0;
    }

    private static RaftKvSurvivor Load(string directoryOrReport, bool upToDamage) => File.Exists(directoryOrReport)
        ? JsonSerializer.Deserialize(File.ReadAllText(directoryOrReport), ToolJson.Default.RaftKvSurvivor) ?? throw new JsonException($"{directoryOrReport} is no report.")
        : RaftKvRecovery.Inspect(directoryOrReport, upToDamage);

    private static void Say(RaftKvSurvivor survivor)
    {
        SayWhatItHas(survivor);
        if (survivor.Damage is { } damage)
            Console.WriteLine($"    counted up to its damage: {damage}");
    }

    private static void SayWhatItHas(RaftKvSurvivor survivor) => Console.WriteLine(
        $"  {survivor.NodeId,-12} last term {survivor.LastTerm}, last version {survivor.LastVersion} of {survivor.LastWriteAt:yyyy-MM-dd HH:mm:ss.fff} UTC, snapshot {survivor.SnapshotVersion}, "
        + $"{(survivor.IsVoter ? "voter" : "not a voter")} of {string.Join(", ", survivor.Voters)}; {survivor.DataDirectory}");
}
