using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>A prompt on a cluster of three nodes, with commands that write, read and cause failures.</summary>
internal sealed class InteractiveCommand(Cluster cluster, CancellationToken cancellationToken)
{
    private const string Help = """
        set KEY VALUE     store a value: JSON, or else a string
        get KEY           a linearizable read, and every node's own copy
        del KEY           delete a key
        scan [PREFIX]     the keys in order, at most 100
        status            the members
        kill NODE         kill -9 its process
        restart NODE      start its process again with the directory it had
        add [NODE]        start a new empty node, or take a removed one, and join it
        remove NODE       remove it from the cluster; its process goes on
        transfer [NODE]   hand the leadership over
        help, quit
        """;

    private ClusterClient Client => cluster.Client;

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var cluster = new Cluster();
        AnsiConsole.WriteLine("Starting three nodes…");
        await cluster.FormAsync(cancellationToken);
        var session = new InteractiveCommand(cluster, cancellationToken);
        await session.StatusAsync();
        AnsiConsole.WriteLine(Help);
        await session.LoopAsync();
        return 0;
    }

    private async Task LoopAsync()
    {
        while (true)
        {
            AnsiConsole.Markup("[bold]raftkv>[/] ");
            // The console's read cannot be cancelled: it is abandoned, and the process ends without it.
            var line = await Task.Run(Console.ReadLine, cancellationToken).WaitAsync(cancellationToken);
            if (line is null)
                return;
            var words = line.Trim().Split(' ', 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words is ["quit" or "exit"])
                return;
            try
            {
                await RunAsync(words);
            }
            catch (Exception e) when (e is StepFailedException or ApiException or HttpRequestException
                or TaskCanceledException { InnerException: TimeoutException })
            {
                AnsiConsole.MarkupLineInterpolated($"[red]{e.Message}[/]");
            }
        }
    }

    private Task RunAsync(string[] words) => words switch
    {
        [] => Task.CompletedTask,
        ["set", var key, var value] => SetAsync(key, value),
        ["get", var key] => GetAsync(key),
        ["del", var key] => DeleteAsync(key),
        ["scan"] => ScanAsync(""),
        ["scan", var prefix] => ScanAsync(prefix),
        ["status"] => StatusAsync(),
        ["kill", var node] => KillAsync(cluster[node]),
        ["restart", var node] => RestartAsync(cluster[node]),
        ["add"] => AddAsync(NextName()),
        ["add", var node] => AddAsync(node),
        ["remove", var node] => RemoveAsync(node),
        ["transfer"] => TransferAsync(null),
        ["transfer", var node] => TransferAsync(node),
        ["help"] => PrintHelp(),
        _ => throw new StepFailedException($"I do not understand '{string.Join(' ', words)}'. Try: help"),
    };

    private static Task PrintHelp()
    {
        AnsiConsole.WriteLine(Help);
        return Task.CompletedTask;
    }

    private async Task SetAsync(string key, string text)
    {
        var node = await AnyAsync();
        await Client.StoreAsync(node, key, Json(text), cancellationToken);
        AnsiConsole.MarkupLineInterpolated($"stored [grey]through {node.Name}[/]");
    }

    private async Task GetAsync(string key)
    {
        var node = await AnyAsync();
        var value = await Client.GetAsync(node, key, cancellationToken, "linearizable");
        AnsiConsole.MarkupLineInterpolated($"{value ?? "not found"} [grey]linearizable, through {node.Name}[/]");
        foreach (var each in cluster.Running)
        {
            var copy = await Client.GetAsync(each, key, cancellationToken);
            AnsiConsole.MarkupLineInterpolated($"  [grey]{each.Name}'s own copy:[/] {copy ?? "not found"}");
        }
    }

    private async Task DeleteAsync(string key)
    {
        var node = await AnyAsync();
        await Client.DeleteAsync(node, key, cancellationToken);
        AnsiConsole.MarkupLineInterpolated($"deleted [grey]through {node.Name}[/]");
    }

    private async Task ScanAsync(string prefix)
    {
        var table = new Table().RoundedBorder().BorderColor(Color.Grey).AddColumn("Key");
        table.AddColumn(new TableColumn("Bytes").RightAligned()).AddColumn(new TableColumn("Version").RightAligned());
        foreach (var (key, bytes, version) in await Client.ScanAsync(await AnyAsync(), prefix, 100, cancellationToken))
            table.AddRow(Markup.Escape(key), $"{bytes:N0}", $"{version}");
        AnsiConsole.Write(table);
    }

    private async Task StatusAsync() => AnsiConsole.Write(MemberTable.Draw(await MemberWatch.AskAsync(cluster, cancellationToken)));

    private static async Task KillAsync(NodeProcess node)
    {
        await node.KillAsync();
        AnsiConsole.MarkupLineInterpolated($"{node.Name} is dead");
    }

    private async Task RestartAsync(NodeProcess node)
    {
        await cluster.StartAsync(node, cancellationToken);
        AnsiConsole.MarkupLineInterpolated($"{node.Name} runs");
    }

    private async Task AddAsync(string name)
    {
        var through = await AnyAsync();
        var node = cluster.Find(name) ?? await cluster.StartNodeAsync(name, cancellationToken);
        await Client.JoinAsync(through, node, cancellationToken);
        AnsiConsole.MarkupLineInterpolated($"{name} votes now");
    }

    private async Task RemoveAsync(string name)
    {
        await Client.RemoveAsync(await AnyAsync(), name, cancellationToken);
        AnsiConsole.MarkupLineInterpolated($"{name} is no member any more");
    }

    private async Task TransferAsync(string? to)
    {
        await Client.TransferAsync(await AnyAsync(), to, cancellationToken);
        AnsiConsole.MarkupLineInterpolated($"leader: {(await cluster.LeadershipAsync(cancellationToken)).ToString()}");
    }

    /// <summary>A running member: any member serves any call, and a running node that is not a member serves none.</summary>
    private async Task<NodeProcess> AnyAsync()
    {
        foreach (var (node, stats) in await MemberWatch.AskAsync(cluster, cancellationToken))
        {
            if (stats is { State: "Leader" or "Follower" or "Candidate" or "Learner" })
                return node;
        }
        throw new StepFailedException("No member runs. Try: restart node1");
    }

    private string NextName() => Enumerable.Range(1, int.MaxValue).Select(i => $"node{i}").First(name => cluster.Find(name) is null);

    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
