using System.Diagnostics;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>The article's six tests, in its order, on real processes and over its HTTP routes.</summary>
internal sealed class Walkthrough(Cluster cluster, IView view, CancellationToken cancellationToken)
{
    // Four election timeouts of the nodes: a node that stands for election after its return does so within this time.
    private static readonly TimeSpan Observation = TimeSpan.FromSeconds(2);

    // A busy machine may hold up a leader until the others elect another one. A node that disturbs its cluster when it returns does so
    // every time.
    private const int MaxAttempts = 3;

    private readonly List<Result> _results = [];

    private ClusterClient Client => cluster.Client;

    private sealed record Result(string Title, string Proof, TimeSpan Elapsed, string? Failure);

    /// <returns>0 when all six hold, 1 with the reason otherwise.</returns>
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var cluster = new Cluster();
        Walkthrough run;
        await using (var view = IView.Open("A replicated key-value store in three processes", cluster))
        {
            run = new Walkthrough(cluster, view, cancellationToken);
            await run.RunAllAsync();
        }
        return run.Summarize();
    }

    private async Task RunAllAsync()
    {
        (string Title, Func<Task<string>> Body)[] tests =
        [
            ("1. Start three nodes, join two of them to the first", StartAndJoinAsync),
            ("2. Set on one node, get from the others, delete", SetGetDeleteAsync),
            ("3. Remove node3, write, rejoin it", RemoveAndRejoinAsync),
            ("4. Kill node3, write, restart it", KillAndRestartAsync),
            ("5. Start an empty node4 and join it", JoinEmptyNodeAsync),
            ("6. Delete through a follower, compare the configurations", DeleteThroughFollowerAsync),
        ];
        foreach (var (title, body) in tests)
        {
            var elapsed = Stopwatch.StartNew();
            string proof = "";
            string? failure = null;
            view.Begin(title);
            try
            {
                proof = await body();
            }
            catch (Exception e) when (e is StepFailedException or ApiException or HttpRequestException
                or TaskCanceledException { InnerException: TimeoutException })
            {
                failure = e.Message;
            }
            await view.EndAsync(failure);
            _results.Add(new Result(title, proof, elapsed.Elapsed, failure));
            if (failure is not null)
                return; // The tests build on each other.
        }
    }

    private async Task<string> StartAndJoinAsync()
    {
        view.Step("start node1, node2 and node3: three processes with empty directories");
        var (node1, node2, node3) = await StartThreeAsync();

        view.Step("none of them leads: a node without a cluster has no history that could collide with another's");
        foreach (var node in cluster.Nodes)
            Expect("Unformed", (await StatsAsync(node)).State, $"{node.Name}'s state");

        view.Step("POST /raft/join on node1: node2");
        await Client.JoinAsync(node1, node2, cancellationToken);
        view.Step("POST /raft/join on node1: node3");
        await Client.JoinAsync(node1, node3, cancellationToken);

        view.Step("every node knows three voters and the same leader");
        await AllAgreeOnMembersAsync("node1", "node2", "node3");
        return $"leader {await cluster.LeadershipAsync(cancellationToken)}";
    }

    private async Task<string> SetGetDeleteAsync()
    {
        var (node1, node2, node3) = (cluster["node1"], cluster["node2"], cluster["node3"]);
        view.Step("POST /store on node1: foo = \"bar\"");
        await Client.StoreAsync(node1, "foo", "bar", cancellationToken);
        view.Step("GET /store/foo on node2 and node3: their own copies");
        await CopyBecomesAsync(node2, "foo", "bar");
        await CopyBecomesAsync(node3, "foo", "bar");

        view.Step("DELETE /store/foo on node1");
        await Client.DeleteAsync(node1, "foo", cancellationToken);
        view.Step("GET /store/foo says 404 on every node");
        foreach (var node in cluster.Nodes)
            await CopyBecomesAsync(node, "foo", null);
        return "the value on 3 nodes, then on none";
    }

    private Task<string> RemoveAndRejoinAsync() => WithoutElectionAsync(async (node1, node2, node3) =>
    {
        view.Step("POST /raft/remove on node1: node3; the removed node is told and goes quiet");
        await Client.RemoveAsync(node1, node3.Name, cancellationToken);
        // Another node may tell node3 of its removal before the entry is in node3's own log; what the log lacks is still under way.
        await Cluster.UntilAsync("node3 knows that it was removed, and has it in its log",
            async () => await StatsAsync(node3) is { State: "Removed" } stats && !stats.HasMember(node3.Name), cancellationToken);
        await Cluster.UntilAsync("node1's configuration is without node3",
            async () => !(await StatsAsync(node1)).HasMember(node3.Name), cancellationToken);

        view.Step("POST /store on node1: removednode; GET on node2");
        await Client.StoreAsync(node1, "removednode", "my value", cancellationToken);
        await CopyBecomesAsync(node2, "removednode", "my value");
        // Entries that were under way to node3 may still arrive, so its own copy proves nothing. That it refuses calls does.
        view.Step("POST /store on node3 is refused: it was removed");
        await ExpectRemovedAsync(node3);

        view.Step("POST /raft/join on node1: node3; it must succeed the first time");
        await Client.JoinAsync(node1, node3, cancellationToken);
        view.Step("GET /store/removednode on node3");
        await CopyBecomesAsync(node3, "removednode", "my value");
    });

    private Task<string> KillAndRestartAsync() => WithoutElectionAsync(async (node1, node2, node3) =>
    {
        view.Step("kill -9 node3");
        await node3.KillAsync();
        view.Step("POST /store on node1: problemnode; GET on node2");
        await Client.StoreAsync(node1, "problemnode", "hello world", cancellationToken);
        await CopyBecomesAsync(node2, "problemnode", "hello world");

        view.Step("start node3 again with the same directory");
        await cluster.StartAsync(node3, cancellationToken);
        view.Step("GET /store/problemnode on node3: it catches up");
        await CopyBecomesAsync(node3, "problemnode", "hello world");
    });

    private async Task<string> JoinEmptyNodeAsync()
    {
        view.Step("start node4 with an empty directory");
        var node4 = await cluster.StartNodeAsync("node4", cancellationToken);
        Expect("Unformed", (await StatsAsync(node4)).State, "node4's state");

        view.Step("POST /raft/join on node1: node4; it learns first and votes once it has caught up");
        await Client.JoinAsync(cluster["node1"], node4, cancellationToken);
        view.Step("GET on node4: everything that was written before it came");
        await CopyBecomesAsync(node4, "problemnode", "hello world");
        await CopyBecomesAsync(node4, "removednode", "my value");
        await CopyBecomesAsync(node4, "foo", null);
        await AllAgreeOnMembersAsync("node1", "node2", "node3", "node4");
        return $"{(await StatsAsync(node4)).KeyCount} keys, as on the others";
    }

    private async Task<string> DeleteThroughFollowerAsync()
    {
        var follower = await cluster.FollowerAsync(cancellationToken);
        view.Step($"DELETE /store/problemnode on {follower.Name}, a follower: it forwards to the leader");
        await Client.DeleteAsync(follower, "problemnode", cancellationToken);
        view.Step("GET /store/problemnode says 404 on every node");
        foreach (var node in cluster.Nodes)
            await CopyBecomesAsync(node, "problemnode", null);

        view.Step("GET /raft/stats: the same configuration of four voters on every node");
        await AllAgreeOnMembersAsync("node1", "node2", "node3", "node4");
        return $"leader {await cluster.LeadershipAsync(cancellationToken)}";
    }

    private async Task<(NodeProcess, NodeProcess, NodeProcess)> StartThreeAsync()
    {
        var nodes = await Task.WhenAll(
            cluster.StartNodeAsync("node1", cancellationToken),
            cluster.StartNodeAsync("node2", cancellationToken),
            cluster.StartNodeAsync("node3", cancellationToken));
        return (nodes[0], nodes[1], nodes[2]);
    }

    /// <summary>The article removes and kills a follower. After a pause of the machine node3 may lead: then it hands over first.</summary>
    private async Task<Leadership> NotLeadingAsync(NodeProcess node)
    {
        var now = await cluster.LeadershipAsync(cancellationToken);
        if (now.Leader != node.Name)
            return now;
        view.Step($"{node.Name} happens to lead: hand over to node1 first");
        await Client.TransferAsync(node, "node1", cancellationToken);
        return await cluster.LeadershipAsync(cancellationToken);
    }

    /// <summary>Makes node3 leave and return, and checks that this causes no election.</summary>
    private async Task<string> WithoutElectionAsync(Func<NodeProcess, NodeProcess, NodeProcess, Task> leaveAndReturn)
    {
        for (var attempt = 1; ; attempt++)
        {
            var before = await NotLeadingAsync(cluster["node3"]);
            await leaveAndReturn(cluster["node1"], cluster["node2"], cluster["node3"]);
            view.Step($"leader and term stay: {before}");
            if (await ObserveChangeAsync(before) is not { } now)
                return $"leader {before}, before and after";
            if (attempt == MaxAttempts)
                throw new StepFailedException($"The leader was {before}, and is {now} now, for the third time.");
            view.Step($"the leader was {before}, and is {now} now: a busy machine does that too, so once more");
        }
    }

    /// <summary>Watches for 2 s. Returns the new leadership when there is one, and <c>null</c> when nothing changed.</summary>
    private async Task<Leadership?> ObserveChangeAsync(Leadership before)
    {
        var watched = Stopwatch.StartNew();
        while (watched.Elapsed < Observation)
        {
            // A node that has just come back needs a heartbeat to know its leader; then nothing may change any more.
            var now = await cluster.LeadershipAsync(cancellationToken);
            if (now != before)
                return now;
            await Task.Delay(50, cancellationToken);
        }
        return null;
    }

    private async Task ExpectRemovedAsync(NodeProcess node)
    {
        try
        {
            await Client.StoreAsync(node, "refused", "not written", cancellationToken);
        }
        catch (ApiException e) when (e.Code == "removed")
        {
            return;
        }
        throw new StepFailedException($"{node.Name} took a write although it was removed.");
    }

    /// <summary>Waits for the value, because a follower's own copy is a moment behind the leader's.</summary>
    private Task CopyBecomesAsync(NodeProcess node, string key, string? expected)
    {
        var json = expected is null ? null : JsonValue.Create(expected).ToJsonString();
        return Cluster.UntilAsync($"{node.Name} has {key} = {json ?? "nothing"}",
            async () => await Client.GetAsync(node, key, cancellationToken) == json, cancellationToken);
    }

    private Task AllAgreeOnMembersAsync(params string[] members) =>
        Cluster.UntilAsync($"every node has the configuration {string.Join(", ", members)}", async () =>
        {
            var stats = await Task.WhenAll(cluster.Running.Select(n => Client.TryStatsAsync(n, cancellationToken)));
            return stats.All(s => s is not null && members.All(s.HasVoter)) && stats.Select(s => s!.Configuration).Distinct().Count() == 1;
        }, cancellationToken);

    private async Task<NodeStats> StatsAsync(NodeProcess node)
    {
        NodeStats? stats = null;
        await Cluster.UntilAsync($"{node.Name} answers",
            async () => (stats = await Client.TryStatsAsync(node, cancellationToken)) is not null, cancellationToken);
        return stats!;
    }

    private static void Expect(string? expected, string? actual, string what)
    {
        if (expected != actual)
            throw new StepFailedException($"{what} is {actual ?? "absent"} and not {expected ?? "absent"}.");
    }

    private int Summarize()
    {
        var table = new Table().RoundedBorder().BorderColor(Color.Grey).AddColumns("Test", "Result", "What was seen");
        table.AddColumn(new TableColumn("Time").RightAligned());
        foreach (var result in _results)
        {
            table.AddRow(new Text(result.Title), new Markup(result.Failure is null ? "[green]ok[/]" : "[red]failed[/]"),
                new Text(result.Failure ?? result.Proof), new Text($"{result.Elapsed.TotalSeconds:0.0} s"));
        }
        AnsiConsole.Write(table);
        if (_results.Find(r => r.Failure is not null) is not { } failed)
        {
            AnsiConsole.MarkupLine("[green]All six tests hold.[/]");
            return 0;
        }
        AnsiConsole.MarkupLineInterpolated($"[red]Test {failed.Title} failed:[/] {failed.Failure}");
        foreach (var node in cluster.Nodes)
        {
            foreach (var line in node.Output.TakeLast(10))
                Console.WriteLine($"{node.Name}: {line}");
        }
        return 1;
    }
}
