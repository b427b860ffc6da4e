using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using RaftKv.Embedded;
using RaftKv.Integration.Linearizability;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>
/// Clients that use any running node during faults, and check one property each: single keys are linearizable, no acknowledged write is
/// lost, a counter kept by conditional sets is exact, and no write is applied twice.
/// </summary>
public sealed class ChaosWorkload
{
    private const int RegisterClients = 8;
    private const int CounterClients = 3;

    /// <summary>
    /// Operations after which the clients use the next key: a longer history, or one with more unknown outcomes, could not be searched.
    /// </summary>
    private const int OperationsPerKey = 300;

    private readonly TestCluster cluster;
    private readonly ConcurrentQueue<KeyHistory> histories = new();
    private readonly ConcurrentDictionary<string, string> stored = new();
    private readonly long[] counted = new long[CounterClients];
    private readonly Task[] clients;
    private KeyHistory current = new("register/0");
    private readonly WriteProber prober;
    private long acknowledged;
    private long unknown;
    private long reads;
    private long overwrites;
    private long overwritesUnknown;
    private volatile bool stopped;

    public ChaosWorkload(TestCluster cluster)
    {
        this.cluster = cluster;
        histories.Enqueue(current);
        prober = new WriteProber(cluster);
        clients =
        [
            .. Enumerable.Range(0, RegisterClients).Select(RegisterAsync),
            .. Enumerable.Range(0, CounterClients).Select(CountAsync),
            .. Enumerable.Range(0, 2).Select(StoreAsync),
            OverwriteAsync(),
            prober.RunAsync(() => stopped),
        ];
    }

    /// <summary>Answers to reads and writes of all clients.</summary>
    public long Operations => Interlocked.Read(ref acknowledged) + Interlocked.Read(ref reads);

    /// <summary>The times in which no node acknowledged a write, the longest first.</summary>
    public IReadOnlyList<WriteGap> Gaps => prober.Gaps;

    /// <summary>The faults that are active now; noted with each gap.</summary>
    public IReadOnlyList<string> Disturbances { set => prober.Disturbances = value; }

    public string Describe()
        => $"{acknowledged} writes acknowledged, {unknown} unknown, {reads} reads, {histories.Count} registers, counter {counted.Sum()}, {overwrites} overwrites";

    public Task WaitForMoreAsync(int more)
    {
        var target = Interlocked.Read(ref acknowledged) + more;
        return cluster.WaitAsync($"{more} more acknowledged writes", () =>
        {
            // A client that has failed its own check ends the wait, which could not succeed any more.
            if (clients.FirstOrDefault(c => c.IsFaulted) is { } failed)
                failed.GetAwaiter().GetResult();
            return Task.FromResult(Interlocked.Read(ref acknowledged) >= target);
        });
    }

    public async Task StopAsync()
    {
        stopped = true;
        await Task.WhenAll(clients);
    }

    public async Task VerifyAsync()
    {
        foreach (var history in histories)
        {
            var operations = history.ToOperations();
            var verdict = LinearizabilityChecker.Check(operations);
            Assert.True(
                verdict == LinearizabilityVerdict.Linearizable,
                $"{history.Key} is {verdict}:{Environment.NewLine}{string.Join(Environment.NewLine, operations.OrderBy(o => o.Call))}");
        }

        foreach (var node in cluster.Nodes)
        {
            var found = (await node.ScanAsync(KvKeyRange.StartingWith("stored/"))).ToDictionary(e => e.Key, e => Encoding.UTF8.GetString(e.Value.Span));
            foreach (var (key, value) in stored)
                Assert.True(found.TryGetValue(key, out var there) && there == value, $"{node.NodeId} lost '{key}'.");
            Assert.Equal(counted, ParseCounter(await node.GetTextAsync("counter")));
            Assert.Equal(counted.Sum(), (await node.GetAsync("counter")).WriteCount);
            Assert.InRange((await node.GetAsync("overwritten")).WriteCount, overwrites, overwrites + overwritesUnknown);
        }
    }

    /// <summary>A node whose process runs; it may die before the call arrives.</summary>
    private ClusterNode AnyNode(Random random)
    {
        var running = cluster.Running.ToArray();
        return running.Length == 0 ? cluster.Nodes[0] : running[random.Next(running.Length)];
    }

    private async Task<(WriteOutcome Outcome, KvWriteResult Result)> WriteAsync(Func<Task<KvWriteResult>> call)
    {
        var answer = await Calls.TryAsync(call);
        if (answer.Outcome == WriteOutcome.Acknowledged)
            Interlocked.Increment(ref acknowledged);
        else if (answer.Outcome == WriteOutcome.Unknown)
            Interlocked.Increment(ref unknown);
        if (answer.Outcome != WriteOutcome.Acknowledged)
            await Task.Delay(10);
        return answer;
    }

    private KeyHistory Register()
    {
        lock (histories)
        {
            if (current.Count >= OperationsPerKey)
            {
                current = new KeyHistory($"register/{histories.Count}");
                histories.Enqueue(current);
            }

            return current;
        }
    }

    private async Task RegisterAsync(int client)
    {
        var random = new Random(client);
        for (var i = 0; !stopped; i++)
        {
            var history = Register();
            var node = AnyNode(random);
            var value = $"{client}.{i}";
            var call = KeyHistory.Now;
            if (random.Next(2) == 0)
            {
                await SetRegisterAsync(history, client, node, value, call);
                continue;
            }

            // A read under a lease must be linearizable too.
            var consistency = random.Next(3) == 0 ? KvConsistency.LeaderLease : KvConsistency.Linearizable;
            var (outcome, read) = await Calls.TryAsync(() => node.GetAsync(history.Key, consistency));
            if (outcome != WriteOutcome.Acknowledged)
            {
                await Task.Delay(10);
                continue;
            }

            Interlocked.Increment(ref reads);
            var seen = read.Found ? Encoding.UTF8.GetString(read.Value.Span) : null;
            history.Read(client, seen, read.Version, call);
            if (random.Next(2) == 0)
                await ReplaceRegisterAsync(history, client, node, seen, read.Version, value);
        }
    }

    private async Task SetRegisterAsync(KeyHistory history, int client, ClusterNode node, string value, long call)
    {
        var (outcome, result) = await WriteAsync(() => node.SetAsync(history.Key, value));
        if (outcome == WriteOutcome.Acknowledged)
            history.Wrote(client, value, result.Version, call);
        else if (outcome == WriteOutcome.Unknown)
            history.Unknown(client, RegisterOperationKind.Write, null, value, call);
    }

    private async Task ReplaceRegisterAsync(KeyHistory history, int client, ClusterNode node, string? seen, KvVersion version, string value)
    {
        var call = KeyHistory.Now;
        var (outcome, result) = await WriteAsync(() => node.SetAsync(history.Key, value, KvCondition.VersionIs(version)));
        if (outcome == WriteOutcome.Unknown)
            history.Unknown(client, RegisterOperationKind.CompareAndSet, seen, value, call);
        else if (outcome == WriteOutcome.Acknowledged && result.Applied)
            history.Replaced(client, seen, value, result.Version, call);
        else if (outcome == WriteOutcome.Acknowledged)
            history.Conflicted(client, result.Version, call);
    }

    /// <summary>
    /// Several clients count one key up by conditional sets. The value holds one number for each client, so that a client that does not
    /// know whether its write took effect can see it in the value.
    /// </summary>
    private async Task CountAsync(int client)
    {
        var random = new Random(1_000 + client);
        while (!stopped)
        {
            var (outcome, read) = await Calls.TryAsync(() => AnyNode(random).GetAsync("counter"));
            if (outcome != WriteOutcome.Acknowledged)
            {
                await Task.Delay(10);
                continue;
            }

            var numbers = ParseCounter(read.Found ? Encoding.UTF8.GetString(read.Value.Span) : null);
            Assert.Equal(counted[client], numbers[client]);
            numbers[client]++;
            var (written, result) = await WriteAsync(() => AnyNode(random).SetAsync("counter", FormatCounter(numbers), KvCondition.VersionIs(read.Version)));
            if (written == WriteOutcome.Acknowledged && result.Applied)
                counted[client]++;
            else if (written == WriteOutcome.Unknown)
                counted[client] = await ResolveAsync(client, random, numbers, read.Version);
        }
    }

    /// <summary>
    /// Reading alone is not enough: the write may still take effect. Repeating the same write on the same version settles it: at most one
    /// of the two can apply, and when none can apply any more, the own number of the client in the value shows whether one did.
    /// </summary>
    private async Task<long> ResolveAsync(int client, Random random, long[] numbers, KvVersion version)
    {
        while (true)
        {
            var (outcome, result) = await WriteAsync(() => AnyNode(random).SetAsync("counter", FormatCounter(numbers), KvCondition.VersionIs(version)));
            if (outcome != WriteOutcome.Acknowledged)
                continue;
            if (result.Applied)
                return numbers[client];
            var (seen, read) = await Calls.TryAsync(() => AnyNode(random).GetTextAsync("counter"));
            if (seen == WriteOutcome.Acknowledged)
                return ParseCounter(read)[client];
        }
    }

    private async Task StoreAsync(int client)
    {
        var random = new Random(2_000 + client);
        for (var i = 0; !stopped; i++)
        {
            var key = $"stored/{client}/{i:d6}";
            if ((await WriteAsync(() => AnyNode(random).SetAsync(key, key))).Outcome == WriteOutcome.Acknowledged)
                stored[key] = key;
            // All these keys are listed at the end, so a long run must not make too many for one list.
            await Task.Delay(5);
        }
    }

    /// <summary>
    /// One client overwrites one key: the key's count of writes tells whether a retry inside the library was applied twice.
    /// </summary>
    private async Task OverwriteAsync()
    {
        var random = new Random(3_000);
        while (!stopped)
        {
            var (outcome, _) = await WriteAsync(() => AnyNode(random).SetAsync("overwritten", "again"));
            overwrites += outcome == WriteOutcome.Acknowledged ? 1 : 0;
            overwritesUnknown += outcome == WriteOutcome.Unknown ? 1 : 0;
        }
    }

    private static long[] ParseCounter(string? text)
        => text is null ? new long[CounterClients] : [.. text.Split(' ').Select(n => long.Parse(n, CultureInfo.InvariantCulture))];

    private static string FormatCounter(long[] numbers) => string.Join(' ', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));
}
