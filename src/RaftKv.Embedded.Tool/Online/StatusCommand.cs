using System.CommandLine;
using System.Text.Json;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Online;

/// <summary><c>raftkv status</c>: the node that answers, and the cluster as this node sees it.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Tells how the node that answers is, its log, the quorum and the members");
        var connection = new ConnectionOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Client(parsed);
            var status = (await client.SendAsync(ApiRequest.Read("v1/cluster"), cancellationToken)).Json();
            if (ToolCommand.WantsJson(parsed))
                JsonOutput.Write(status);
            else
                Say(status);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The members as a table.</summary>
    public static void SayMembers(JsonElement status)
    {
        var table = new TextTable("MEMBER", "ADDRESS", "ROLE", "STATE", "LAG", "HEARD");
        foreach (var member in status.GetProperty("members").EnumerateArray())
        {
            var role = member.GetProperty("leader").GetBoolean() ? "leader" : member.GetProperty("voter").GetBoolean() ? "voter"
                : "learner";
            var lag = member.TryGetProperty("lag", out var behind) ? Text.Count(behind.GetInt64(), "entry", "entries") : "not known";
            var isOwn = member.GetProperty("nodeId").GetString() == status.GetProperty("nodeId").GetString();
            table.Add(Word(member, "nodeId"), Word(member, "address"), role, Word(member, "state"), lag, isOwn ? "this node"
                : Text.Ago(member, "lastContactMs"));
        }
        table.Print();
    }

    private static void Say(JsonElement status)
    {
        var ready = status.GetProperty("ready").GetBoolean() ? "ready" : $"not ready: {Word(status, "reason")}";
        Line("node", $"{Word(status, "nodeId")} at {Word(status, "address")}, {Word(status, "role")}, {ready}");
        Line("cluster", Word(status, "clusterId"));
        Line("leader",
            $"{Word(status, "leaderId")}, term {status.GetProperty("term").GetInt64()}, heard {Text.Ago(status, "lastContactMs")}");
        Line("quorum", Quorum(status.GetProperty("quorum")));
        var log = status.GetProperty("log");
        Line("log",
            $"from {Number(log, "first")} to {Number(log, "last")}, committed {Number(log, "commit")}, applied {Number(log, "applied")}, "
            + $"snapshot {Number(log, "snapshot")}");
        Line("keys", Number(status, "keyCount"));
        Line("disk", $"{Free(status)}, {Word(status, "durability")}");
        foreach (var trouble in (string[])["fault", "waitsFor", "quarantine", "rolledBack"])
        {
            if (status.TryGetProperty(trouble, out var text))
                Line("trouble", Text.Printable(text.GetString()!));
        }
        Console.WriteLine();
        SayMembers(status);
    }

    private static string Quorum(JsonElement quorum)
    {
        var alive = $"{Number(quorum, "alive")} of {Text.Count(quorum.GetProperty("voters").GetInt64(), "voter", "voters")} alive";
        return quorum.GetProperty("lost").GetBoolean() ? $"lost: {alive}, a majority is {Number(quorum, "majority")}"
            : $"{alive}, a majority is {Number(quorum, "majority")}, {Number(quorum, "mayFail")} more may fail";
    }

    private static string Free(JsonElement status)
    {
        var free = status.GetProperty("freeDiskBytes") is { ValueKind: JsonValueKind.Number } bytes ? $"{Text.Bytes(bytes.GetInt64())} free"
            : "free space not known";
        return status.GetProperty("diskFull").GetBoolean() ? free + ", too little for more data" : free;
    }

    private static void Line(string name, string text) => Console.WriteLine($"{name,-9}{text}");

    private static string Number(JsonElement of, string property) => Text.Number(of.GetProperty(property).GetInt64());

    private static string Word(JsonElement of, string property) =>
        of.TryGetProperty(property, out var text) && text.GetString() is { } word ? Text.Printable(word) : "none";
}
