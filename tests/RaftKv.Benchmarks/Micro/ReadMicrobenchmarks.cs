using System.Text;
using BenchmarkDotNet.Attributes;
using RaftKv.Embedded;

namespace RaftKv.Benchmarks.Micro;

/// <summary>
/// Reads of random keys out of 100,000 in memory, by one thread and by two at once. The times are those of one thread's read.
/// </summary>
public class ReadMicrobenchmarks
{
    private const int Keys = 100_000;
    private const int Reads = 100_000;
    private const int ValueBytes = 100;

    private static readonly KvReader<int, int> LengthOf = static (value, _, _) => value.Length;

    private readonly string[] _keys = [.. Enumerable.Range(0, Keys).Select(i => $"k{i:d15}")];
    private readonly int[] _order = [.. Enumerable.Range(0, Reads).Select(_ => Random.Shared.Next(Keys))];
    private byte[][] _names = [];
    private LocalNode _node = null!;
    private RawStore _raw = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _names = [.. _keys.Select(Encoding.ASCII.GetBytes)];
        _raw = new RawStore(_names, ValueBytes, memoryBits: 26);
        _node = await LocalNode.StartAsync(o => o.Durability = RaftKvDurability.OsBuffered);
        await _node.FillAsync(_keys, ValueBytes);
        await _node.Kv.GetAsync(_keys[0], KvReadOptions.LeaderLease);
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        _raw.Dispose();
        await _node.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Reads)]
    public void Faster() => OnAllThreads(() =>
    {
        using var reader = _raw.NewReader();
        foreach (var i in _order)
            reader.Read(_names[i]);
    });

    [Benchmark(OperationsPerInvoke = Reads)]
    public void TryRead() => OnAllThreads(() =>
    {
        foreach (var i in _order)
            _node.Kv.TryRead(_keys[i], 0, LengthOf, out _);
    });

    [Benchmark(OperationsPerInvoke = Reads)]
    public void LeaseGet() => OnAllThreads(() =>
    {
        foreach (var i in _order)
            Complete(_node.Kv.GetAsync(_keys[i], KvReadOptions.LeaderLease));
    });

    private static void Complete(ValueTask<KvGetResult> read)
    {
        if (!read.IsCompletedSuccessfully)
            read.AsTask().Wait();
    }

    private void OnAllThreads(Action reads)
    {
        var others = Enumerable.Range(1, Threads - 1).Select(_ => new Thread(() => reads())).ToArray();
        Array.ForEach(others, t => t.Start());
        reads();
        Array.ForEach(others, t => t.Join());
    }
}
