using System.Diagnostics;
using System.Text;
using RaftKv.Embedded;

namespace RaftKv.Benchmarks;

/// <summary>
/// Local reads (TryRead, and reads under the leader's lease), in turns with reads of FASTER alone with the same keys in the same process:
/// the overhead of this library.
/// </summary>
internal sealed class ReadsBenchmark(Arguments arguments)
{
    private static readonly KvReader<int, int> LengthOf = static (value, _, _) => value.Length;

    private readonly string[] _keys = [.. Enumerable.Range(0, arguments.Keys).Select(i => $"k{i:d15}")];

    public async Task RunAsync()
    {
        // All records fit into memory on both sides.
        var memoryBits = 64 - (int)long.LeadingZeroCount((long)arguments.Keys * (arguments.ValueBytes + 128));
        byte[][] names = [.. _keys.Select(Encoding.ASCII.GetBytes)];
        using var raw = new RawStore(names, arguments.ValueBytes, Math.Max(25, memoryBits));
        // The index is made for this number of keys: it has the same size on both sides.
        await using var node = await LocalNode.StartAsync(o =>
            (o.Durability, o.MemoryBudgetBytes, o.ExpectedKeys) = (RaftKvDurability.OsBuffered, 1L << Math.Max(26, memoryBits), arguments.Keys));
        await node.FillAsync(_keys, arguments.ValueBytes);
        var kv = node.Kv;

        Func<Func<int, int>> readRaw = () =>
        {
            var reader = raw.NewReader();
            return i => reader.Read(names[i]);
        };
        Func<Func<int, int>> tryRead = () => i => kv.TryRead(_keys[i], 0, LengthOf, out var length) ? length : 0;
        Func<Func<int, int>> lease = () => i => kv.GetAsync(_keys[i], KvReadOptions.LeaderLease) is { IsCompletedSuccessfully: true } read ? read.Result.Value.Length : WaitForLease(kv, i);
        Func<Func<int, int>> leaseInPlace = () => i => kv.ReadAsync(_keys[i], 0, LengthOf, KvReadOptions.LeaderLease) is { IsCompletedSuccessfully: true } read ? read.Result.Result : WaitForLease(kv, i);
        foreach (var threads in (int[])[1, 2])
        {
            Compare("tryread", threads, tryRead, readRaw);
            Compare("lease", threads, lease, readRaw);
            Compare("lease_in_place", threads, leaseInPlace, readRaw);
        }
    }

    private int WaitForLease(IDistributedKv kv, int i) => kv.GetAsync(_keys[i], KvReadOptions.LeaderLease).AsTask().Result.Value.Length;

    private void Compare(string op, int threads, Func<Func<int, int>> ours, Func<Func<int, int>> theirs)
    {
        var comparison = new PairedComparison();
        Measure(op, threads, ours, arguments.WarmUp);
        Measure("faster", threads, theirs, arguments.WarmUp);
        for (var round = 0; round < arguments.RoundsOr(5); round++)
        {
            var line = Measure(op, threads, ours, arguments.Seconds);
            var limit = Measure("faster", threads, theirs, arguments.Seconds);
            line.Print();
            limit.Print();
            comparison.Add([line], [limit with { Op = op }]);
        }
        comparison.Print();
    }

    /// <param name="reader">Called once for each thread. Returns its read function: from the number of a key to the length of its
    /// value.</param>
    private ResultLine Measure(string op, int threads, Func<Func<int, int>> reader, double seconds)
    {
        var counts = new long[threads];
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var clock = Stopwatch.StartNew();
        Thread[] readers = [.. Enumerable.Range(0, threads).Select(t => new Thread(() => counts[t] = ReadFor(reader(), t, seconds)))];
        Array.ForEach(readers, r => r.Start());
        Array.ForEach(readers, r => r.Join());
        var perSecond = counts.Sum() / clock.Elapsed.TotalSeconds;
        return new ResultLine
        {
            System = op == "faster" ? "faster" : "raftkv",
            Op = op,
            Clients = threads,
            OpsPerS = Math.Round(perSecond),
            P50Us = Math.Round(threads * 1e6 / perSecond, 3),
            Note = $"{_keys.Length} random keys of 16 B in memory, values of {arguments.ValueBytes} B; {threads} threads; p50_us is the mean",
            AllocBytesPerOp = Math.Round((GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)counts.Sum(), 1),
        };
    }

    private long ReadFor(Func<int, int> read, int seed, double seconds)
    {
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        var count = 0L;
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            for (var i = 0; i < 1_000; i++)
            {
                if (read(random.Next(_keys.Length)) == 0)
                    throw new InvalidOperationException("A key was not found.");
            }
            count += 1_000;
        }
        return count;
    }
}
