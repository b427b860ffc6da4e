using System.Diagnostics;
using RaftKv.Embedded;

namespace RaftKv.Benchmarks;

/// <summary>Scans and watches on one node in this process. Its writes do not wait for the disk.</summary>
internal sealed class LocalBenchmark(Arguments arguments)
{
    private const int ScanLimit = 1000;

    public Task ScanAsync() => RunAsync(async node =>
    {
        var kv = node.Kv;
        var keys = arguments.KeysOr(1_000_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await node.FillAsync([.. Enumerable.Range(0, keys).Select(KeyOf)], arguments.ValueBytes);
        var status = node.Cluster.Status;
        Console.Error.WriteLine($"{status.KeyCount} keys, the whole heap {(GC.GetTotalMemory(forceFullCollection: true) - before) / (double)keys:0.0} bytes a key, among it the history of changes and the log");
        new ResultLine { Op = "index_bytes_per_key", OpsPerS = Math.Round(status.KeyIndexBytes / (double)keys, 1), Note = $"{keys} keys of 16 bytes: {status.KeyIndexBytes} bytes; ops_per_s is the bytes" }.Print();

        var chance = new Random(1);
        await MeasureAsync($"scan_{ScanLimit}_stale", () => ScanOnceAsync(kv, chance.Next(keys), new() { Limit = ScanLimit, Consistency = KvConsistency.Stale }));
        await MeasureAsync($"scan_{ScanLimit}", () => ScanOnceAsync(kv, chance.Next(keys), new() { Limit = ScanLimit }));
        await MeasureAsync($"scan_{ScanLimit}_keys", () => ScanOnceAsync(kv, chance.Next(keys), new() { Limit = ScanLimit, KeysOnly = true, Consistency = KvConsistency.Stale }));
        await MeasureAsync("count_all", async () => await kv.CountAsync(KvKeyRange.All, KvReadOptions.Stale));
    });

    public Task WatchAsync() => RunAsync(async node =>
    {
        var kv = node.Kv;
        var watchers = arguments.CallersOr(1000);
        using var stop = new CancellationTokenSource();
        var (told, round) = (0, 0L);
        var all = new SemaphoreSlim(0);
        var tasks = Enumerable.Range(0, 2 * watchers).Select(i => Task.Run(async () =>
        {
            await foreach (var change in kv.WatchAsync(i < watchers ? KvKeyRange.Exactly("watched") : KvKeyRange.StartingWith($"other/{i}/"), new() { InitialState = true }, stop.Token))
            {
                if (change.Kind == KvEventKind.InitialStateEnd ? Interlocked.Increment(ref told) == 2 * watchers : Interlocked.Increment(ref told) % watchers == 0)
                    all.Release();
            }
        })).ToArray();
        await all.WaitAsync();
        told = 0;
        var value = new byte[arguments.ValueBytes];
        await MeasureAsync($"watch_{watchers}", async () =>
        {
            BitConverter.TryWriteBytes(value, ++round);
            await kv.SetAsync("watched", value);
            await all.WaitAsync();
        });
        await MeasureAsync($"set_beside_{2 * watchers}_watchers", async () => await kv.SetAsync("unwatched", value));
        await stop.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await MeasureAsync("set_unwatched", async () => await kv.SetAsync("unwatched", value));
    });

    private async Task MeasureAsync(string op, Func<Task> once)
    {
        for (var warmUp = Stopwatch.StartNew(); warmUp.Elapsed.TotalSeconds < 1;)
            await once();
        var (times, allocated, clock) = (new List<double>(), GC.GetTotalAllocatedBytes(precise: true), Stopwatch.StartNew());
        while (clock.Elapsed.TotalSeconds < arguments.Seconds)
        {
            var started = Stopwatch.GetTimestamp();
            await once();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        var seconds = clock.Elapsed.TotalSeconds;
        times.Sort();
        new ResultLine
        {
            Op = op,
            OpsPerS = Math.Round(times.Count / seconds, 1),
            P50Us = Math.Round(times[times.Count / 2], 1),
            P99Us = Math.Round(times[times.Count * 99 / 100], 1),
            AllocBytesPerOp = allocated / times.Count,
        }.Print();
    }

    private static async Task ScanOnceAsync(IDistributedKv kv, int from, KvScanOptions options)
    {
        var found = 0;
        await foreach (var _ in kv.ScanAsync(KvKeyRange.Between(KeyOf(from), null), options))
            found++;
        if (found == 0)
            throw new InvalidOperationException("The scan found nothing.");
    }

    private static string KeyOf(int i) => $"key/{i:d12}";

    private async Task RunAsync(Func<LocalNode, Task> run)
    {
        await using var node = await LocalNode.StartAsync(o =>
        {
            o.Durability = RaftKvDurability.OsBuffered;
            o.ExpectedKeys = arguments.KeysOr(1_000_000);
            o.MemoryBudgetBytes = 1024 * 1024 * 1024;
        });
        await run(node);
    }
}
