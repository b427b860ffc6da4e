using System.CommandLine;
using System.Text.Json;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Online;

/// <summary><c>raftkv locks</c> and <c>raftkv leases</c>: which node holds which lock and lease.</summary>
internal static class HolderCommands
{
    public static Command Locks()
    {
        var command = new Command("locks",
            "Lists the locks and leader elections that have a holder: the holder, its token and lease, and how many wait; the first 100");
        var connection = new ConnectionOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Client(parsed);
            var answer = (await client.SendAsync(ApiRequest.Read("v1/locks"), cancellationToken)).Json();
            if (ToolCommand.WantsJson(parsed))
                JsonOutput.Write(answer);
            else
                SayLocks(answer);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Leases()
    {
        var after = new Option<long?>("--after") { Description = "Only leases with a greater id" };
        var limit = ReadOptions.Limit("leases", 1_000);
        var command = new Command("leases",
            "Lists the leases: the holder of a lock's, what is left of their time, and how many keys they have") { limit, after };
        var connection = new ConnectionOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Client(parsed);
            var request = ApiRequest.Read("v1/leases", ("limit", parsed.GetValue(limit).ToString()),
                ("after", parsed.GetValue(after)?.ToString()));
            var answer = (await client.SendAsync(request, cancellationToken)).Json();
            if (ToolCommand.WantsJson(parsed))
                JsonOutput.Write(answer);
            else
                SayLeases(answer);
            return ExitCode.Done;
        });
        return command;
    }

    private static void SayLocks(JsonElement answer)
    {
        var table = new TextTable("LOCK", "HOLDER", "TOKEN", "ASKED", "WAITING", "LEASE");
        foreach (var held in answer.GetProperty("locks").EnumerateArray())
        {
            var lease = held.TryGetProperty("lease", out var bound) ? $"{bound.GetProperty("id").GetInt64()}, {Left(bound)}" : "ended";
            table.Add(Text.Printable(held.GetProperty("name").GetString()!), Holder(held), held.GetProperty("token").GetInt64().ToString(),
                $"{held.GetProperty("askedAt").GetDateTimeOffset().UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC",
                    held.GetProperty("waiting").GetInt32().ToString(), lease);
        }
        table.Print();
        if (answer.GetProperty("more").GetBoolean())
            Console.Error.WriteLine("More locks follow.");
    }

    private static void SayLeases(JsonElement answer)
    {
        var table = new TextTable("LEASE", "HOLDER", "LEFT", "KEYS", "FIRST KEY");
        foreach (var lease in answer.GetProperty("leases").EnumerateArray())
        {
            var keys = lease.GetProperty("keys");
            table.Add(lease.GetProperty("id").GetInt64().ToString(), Holder(lease), Left(lease),
                lease.GetProperty("keyCount").GetInt32().ToString(),
                keys.GetArrayLength() == 0 ? "" : Text.Printable(keys[0].GetString()!));
        }
        table.Print();
        if (answer.TryGetProperty("next", out var next))
            Console.Error.WriteLine($"More leases follow: --after {next.GetInt64()}");
    }

    private static string Holder(JsonElement of) =>
        of.TryGetProperty("holder", out var holder) && holder.GetString() is { Length: > 0 } node ? Text.Printable(node) : "not known";

    private static string Left(JsonElement lease) =>
        $"{Text.Duration(lease.GetProperty("remainingMs").GetInt64())} of {Text.Duration(lease.GetProperty("timeToLiveMs").GetInt64())}";
}
