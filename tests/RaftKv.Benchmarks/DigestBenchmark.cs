using System.Diagnostics;
using System.Globalization;
using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;
using RaftKv.TestNode.Driver;

namespace RaftKv.Benchmarks;

/// <summary>
/// The cost for each write of the digest that makes copies comparable at any time, beside the cost of the store itself: overwrites, on one
/// thread.
/// </summary>
internal static class DigestBenchmark
{
    private const int Keys = 10_000;

    public static void Run(Arguments arguments)
    {
        var folder = TestDirectory.Create();
        try
        {
            foreach (var bytes in (int[])[100, 1_024, 16_384])
                Measure(bytes, Path.Combine(folder, bytes.ToString(CultureInfo.InvariantCulture)), TimeSpan.FromSeconds(arguments.Seconds));
        }
        finally
        {
            TestDirectory.Delete(folder);
        }
    }

    private static void Measure(int valueBytes, string folder, TimeSpan duration)
    {
        var keys = Enumerable.Range(0, Keys).Select(i => Encoding.ASCII.GetBytes(i.ToString("d16", CultureInfo.InvariantCulture))).ToArray();
        var value = new byte[valueBytes];
        new Random(1).NextBytes(value);
        using var store = new FasterKvStore(new OsFileSystem(), folder, new FasterKvStoreSettings { MemoryBudgetBytes = 512L * 1024 * 1024 });
        var sum = new RecordSum();
        var headers = new RecordHeader[Keys];

        var storeNs = Nanoseconds(duration, (key, version) =>
        {
            store.TryGetHeader(keys[key], out var before);
            store.Put(keys[key], before.NextAt(version), value);
            store.MaintainSpace();
        });
        var digestNs = Nanoseconds(duration, (key, version) =>
        {
            var after = headers[key].NextAt(version) with { ValueChecksum = RecordSum.Checksum(value) };
            sum.Replace(keys[key], headers[key], after);
            headers[key] = after;
        });
        ResultLine.Print(new { Op = "digest", ValueBytes = valueBytes, DigestNs = Math.Round(digestNs), StoreNs = Math.Round(storeNs), Share = Math.Round(digestNs / (digestNs + storeNs), 2), Sum = sum.Value });
    }

    private static double Nanoseconds(TimeSpan duration, Action<int, long> write)
    {
        var version = 0L;
        for (; version < 10 * Keys; version++)
            write((int)(version % Keys), version + 1);
        var (clock, from) = (Stopwatch.StartNew(), version);
        while (clock.Elapsed < duration)
        {
            for (var i = 0; i < 1_000; i++, version++)
                write((int)(version % Keys), version + 1);
        }
        return clock.Elapsed.TotalNanoseconds / (version - from);
    }
}
