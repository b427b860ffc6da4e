using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Node;

namespace RaftKv.Benchmarks;

/// <summary>The upper limits of the machine, measured in the same run: other figures can only be judged beside them.</summary>
internal static partial class MachineLimits
{
    private const int RecordBytes = 16 + 100;
    private const int Syncs = 4_000;
    private const int RoundTrips = 20_000;
    private const int Records = 100_000;

    public static void Print()
    {
        Fdatasync().Print();
        FdatasyncOfThree().Print();
        LoopbackRoundTrip().Print();
        foreach (var threads in (int[])[1, 2])
            FasterReads(threads).Print();
    }

    private static ResultLine Limit(string op, LatencyHistogram histogram, double seconds, string note) => new()
    {
        System = "machine",
        Op = op,
        OpsPerS = Math.Round(histogram.Count / seconds),
        P50Us = Math.Round(histogram.PercentileUs(0.5), 2),
        P99Us = Math.Round(histogram.PercentileUs(0.99), 2),
        Note = note,
    };

    /// <summary>
    /// Writes of one record, each followed by fdatasync, into a file that has its full length already, as in a log with preallocated
    /// segments.
    /// </summary>
    public static ResultLine Fdatasync()
    {
        var directory = TestDirectory.Create();
        var histogram = new LatencyHistogram();
        var clock = Stopwatch.StartNew();
        SyncAppends(Path.Combine(directory, "log"), histogram, static () => { });
        var seconds = clock.Elapsed.TotalSeconds;
        TestDirectory.Delete(directory);
        return Limit("fdatasync", histogram, seconds, $"pwrite of {RecordBytes} B into a written file + fdatasync");
    }

    /// <summary>
    /// Like <see cref="Fdatasync"/>, with three threads for three nodes on one disk: each begins its next write when all have synced
    /// theirs.
    /// </summary>
    private static ResultLine FdatasyncOfThree()
    {
        var directory = TestDirectory.Create();
        LatencyHistogram[] histograms = [new(), new(), new()];
        using var together = new Barrier(histograms.Length);
        var clock = Stopwatch.StartNew();
        Thread[] threads = [.. histograms.Select((histogram, i) => new Thread(() => SyncAppends(Path.Combine(directory, $"log{i}"), histogram, together.SignalAndWait)))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        var seconds = clock.Elapsed.TotalSeconds;
        TestDirectory.Delete(directory);
        foreach (var other in histograms[1..])
            histograms[0].Add(other);
        return Limit("fdatasync", histograms[0], seconds, "three of them at once, each into a file of its own") with { Clients = histograms.Length };
    }

    /// <param name="path">The file.</param>
    /// <param name="histogram">Gets the time of each write with its sync.</param>
    /// <param name="ready">Called before each write.</param>
    private static void SyncAppends(string path, LatencyHistogram histogram, Action ready)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite);
        var record = new byte[RecordBytes];
        RandomAccess.Write(file, new byte[Syncs * RecordBytes], 0);
        Sync(file);
        for (var i = 0; i < Syncs; i++)
        {
            ready();
            var started = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, record, (long)i * RecordBytes);
            Sync(file);
            histogram.Record((long)Stopwatch.GetElapsedTime(started).TotalNanoseconds);
        }
    }

    private static ResultLine LoopbackRoundTrip()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient { NoDelay = true };
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        using var server = listener.AcceptTcpClient();
        server.NoDelay = true;
        var echo = new Thread(() => Echo(server)) { IsBackground = true };
        echo.Start();

        var histogram = new LatencyHistogram();
        var stream = client.GetStream();
        var message = new byte[RecordBytes];
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < RoundTrips; i++)
        {
            var started = Stopwatch.GetTimestamp();
            stream.Write(message);
            stream.ReadExactly(message);
            histogram.Record((long)Stopwatch.GetElapsedTime(started).TotalNanoseconds);
        }

        var seconds = clock.Elapsed.TotalSeconds;
        client.Close();
        echo.Join();
        return Limit("loopback", histogram, seconds, $"round trip of {RecordBytes} B over TCP, blocking sockets, one thread each");
    }

    private static void Echo(TcpClient client)
    {
        var stream = client.GetStream();
        var message = new byte[RecordBytes];
        while (stream.ReadAtLeast(message, RecordBytes, throwOnEndOfStream: false) == RecordBytes)
            stream.Write(message);
    }

    private static ResultLine FasterReads(int threads)
    {
        var keys = Enumerable.Range(0, Records).Select(i => System.Text.Encoding.ASCII.GetBytes($"k{i:d15}")).ToArray();
        using var store = new RawStore(keys, RecordBytes - 16, memoryBits: 26);
        var clock = Stopwatch.StartNew();
        var counts = new long[threads];
        var readers = Enumerable.Range(0, threads).Select(t => new Thread(() => counts[t] = ReadFor(store, keys, t, TimeSpan.FromSeconds(1)))).ToArray();
        foreach (var reader in readers)
            reader.Start();
        foreach (var reader in readers)
            reader.Join();
        return new ResultLine
        {
            System = "machine",
            Op = "faster_read",
            Clients = threads,
            OpsPerS = Math.Round(counts.Sum() / clock.Elapsed.TotalSeconds),
            Note = $"FasterKV.Read of {Records} random keys in memory, the value left in place; a cold start, see the mode reads",
        };
    }

    private static long ReadFor(RawStore store, byte[][] keys, int seed, TimeSpan duration)
    {
        using var reader = store.NewReader();
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        var count = 0L;
        while (clock.Elapsed < duration)
        {
            for (var i = 0; i < 1_000; i++)
                reader.Read(keys[random.Next(keys.Length)]);
            count += 1_000;
        }
        return count;
    }

    private static void Sync(SafeFileHandle file)
    {
        if (SyncData(file) != 0)
            throw new IOException($"fdatasync failed with error {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SyncData(SafeFileHandle file);
}
