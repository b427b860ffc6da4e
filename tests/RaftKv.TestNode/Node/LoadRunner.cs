using System.Diagnostics;
using System.Globalization;
using RaftKv.Embedded;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Node;

/// <summary>The load of one <see cref="LoadRequest"/>. Keys, values and histograms exist before the clock starts.</summary>
internal sealed class LoadRunner
{
    /// <summary>
    /// A call that does not wait costs less than reading the clock, so local reads are timed in groups: the clock is read once per this
    /// many calls.
    /// </summary>
    private const int LocalGroup = 64;

    private static readonly TimeSpan LongestOverload = TimeSpan.FromMinutes(2);

    private readonly IDistributedKv kv;
    private readonly LoadRequest request;
    private readonly string[] keys;
    private readonly byte[] value;
    private readonly KvSetOptions options;
    private readonly Dictionary<string, long> errors = [];
    private readonly double nanosecondsPerTick = 1e9 / Stopwatch.Frequency;
    private string? firstError;
    private long next;
    private long deadline;

    public LoadRunner(IDistributedKv kv, LoadRequest request)
    {
        this.kv = kv;
        this.request = request;
        // A load that goes through its keys once makes them as it goes: a million strings would be counted as the replica's memory.
        keys = request.Count > 0 ? [] : [.. Enumerable.Range(0, request.Keys).Select(MakeKey)];
        value = new byte[request.ValueBytes];
        options = new KvSetOptions { ExpiresAt = request.ExpiresAt };
        new Random(request.Seed).NextBytes(value);
    }

    private bool IsLocal => request.Operation is LoadOperation.Stale or LoadOperation.TryRead or LoadOperation.Lease;

    public async Task<LoadReport> RunAsync()
    {
        var histograms = Enumerable.Range(0, request.Callers).Select(_ => new LatencyHistogram()).ToArray();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = histograms.Select((histogram, caller) => Task.Run(() => CallAsync(gate.Task, caller, histogram))).ToArray();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        deadline = request.Count > 0 ? long.MaxValue : started + (long)(request.Seconds * Stopwatch.Frequency);
        gate.SetResult();
        await Task.WhenAll(callers);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;

        var all = new LatencyHistogram();
        foreach (var histogram in histograms)
            all.Add(histogram);
        var operations = all.Count * (IsLocal ? LocalGroup : 1);
        return new LoadReport
        {
            Operations = operations,
            Seconds = seconds,
            P50Us = Math.Round(all.PercentileUs(0.5), 3),
            P99Us = Math.Round(all.PercentileUs(0.99), 3),
            MaxUs = Math.Round(all.MaxNanoseconds / 1e3, 3),
            AllocatedBytesPerOperation = operations == 0 ? 0 : Math.Round((double)allocated / operations, 1),
            Errors = errors.Values.Sum(),
            ErrorKinds = errors,
            FirstError = firstError,
        };
    }

    private async Task CallAsync(Task gate, int caller, LatencyHistogram histogram)
    {
        var random = new Random((request.Seed * 7919) + caller);
        var rounds = 0;
        await gate;
        var started = Stopwatch.GetTimestamp();
        while (started < deadline)
        {
            var number = request.Count > 0 ? Interlocked.Increment(ref next) - 1 : random.Next(request.Keys);
            if (request.Count > 0 && number >= request.Count)
                return;
            try
            {
                if (IsLocal)
                {
                    for (var i = 0; i < LocalGroup; i++)
                        await ReadLocallyAsync(KeyAt(random.Next(request.Keys)));
                }
                else if (request.Operation == LoadOperation.Put)
                {
                    if (request.WaitsWhenOverloaded)
                        await SetUntilTakenAsync(number);
                    else
                        await kv.SetAsync(KeyAt(number), value, options);
                }
                else if (request.Operation == LoadOperation.Transaction)
                {
                    await CommitAsync(number);
                }
                else
                {
                    await kv.GetAsync(KeyAt(number));
                }
            }
            catch (RaftKvException e)
            {
                lock (errors)
                {
                    errors[e.GetType().Name] = errors.GetValueOrDefault(e.GetType().Name) + 1;
                    firstError ??= e.Message;
                }
                started = Stopwatch.GetTimestamp();
                continue;
            }

            var ended = Stopwatch.GetTimestamp();
            histogram.Record((long)((ended - started) * nanosecondsPerTick / (IsLocal ? LocalGroup : 1)));
            started = ended;

            // Callers whose calls never wait share the threads of the pool fairly only if they yield.
            if (IsLocal && ++rounds % 16 == 0)
                await Task.Yield();
        }
    }

    private string KeyAt(long number) => keys.Length > 0 ? keys[number % keys.Length] : MakeKey((int)(number % request.Keys));

    private string MakeKey(int number) => request.KeyPrefix + number.ToString("d15", CultureInfo.InvariantCulture);

    /// <summary>See <see cref="LoadRequest.WaitsWhenOverloaded"/>.</summary>
    private async ValueTask SetUntilTakenAsync(long number)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await kv.SetAsync(KeyAt(number), value, options);
                return;
            }
            catch (RaftKvUnavailableException e) when (e.Reason == RaftKvUnavailableReason.Overloaded && clock.Elapsed < LongestOverload)
            {
                await Task.Delay(10);
            }
        }
    }

    private ValueTask<KvTransactionResult> CommitAsync(long number)
    {
        var transaction = new KvTransaction();
        for (var i = 0; i < request.Batch; i++)
            transaction.Then.Set(KeyAt(number + i), value);
        return kv.CommitAsync(transaction);
    }

    private ValueTask<KvGetResult> ReadLocallyAsync(string key)
    {
        switch (request.Operation)
        {
            case LoadOperation.Stale:
                return kv.GetAsync(key, KvReadOptions.Stale);
            case LoadOperation.Lease:
                return kv.GetAsync(key, KvReadOptions.LeaderLease);
            default:
                kv.TryRead(key, 0, static (value, _, _) => value.Length, out _);
                return default;
        }
    }
}
