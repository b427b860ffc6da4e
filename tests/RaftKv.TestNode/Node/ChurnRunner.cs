using System.Diagnostics;
using System.Globalization;
using RaftKv.Embedded;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Node;

/// <summary>The callers of one <see cref="ChurnRequest"/>.</summary>
internal sealed class ChurnRunner
{
    private readonly IDistributedKv _kv;
    private readonly ChurnRequest _request;
    private readonly byte[] _bytes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _callers;
    private readonly Lock _gate = new();
    private LatencyHistogram _calls = new();
    private Dictionary<string, long> _errors = [];
    private long _windowAt = Stopwatch.GetTimestamp();
    private long _lastAt = Stopwatch.GetTimestamp();
    private double _longestGapMs;

    public ChurnRunner(IDistributedKv kv, ChurnRequest request)
    {
        (_kv, _request) = (kv, request);
        _bytes = new byte[request.ValueBytes * 2];
        new Random(request.Seed).NextBytes(_bytes);
        _callers = [.. Enumerable.Range(0, request.Callers).Select(caller => Task.Run(() => CallAsync(caller)))];
    }

    public ChurnWindow TakeWindow()
    {
        lock (_gate)
        {
            NoteGap();
            var window = new ChurnWindow(
                _calls.Count, Stopwatch.GetElapsedTime(_windowAt).TotalSeconds, Math.Round(_longestGapMs, 1), Math.Round(_calls.PercentileUs(0.99) / 1e3, 2),
                Math.Round(_calls.MaxNanoseconds / 1e6, 1), _errors);
            (_calls, _errors, _longestGapMs, _windowAt) = (new(), [], 0, Stopwatch.GetTimestamp());
            return window;
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
    }

    /// <summary>
    /// Each caller has its own times for its calls. A late caller continues from the current time: the rate is an upper limit, and calls
    /// that a stall delayed are not caught up.
    /// </summary>
    private async Task CallAsync(int caller)
    {
        var random = new Random((_request.Seed * 7919) + caller);
        var interval = (long)(Stopwatch.Frequency * (double)_request.Callers / _request.Rate);
        var due = Stopwatch.GetTimestamp() + interval * caller / _request.Callers;
        while (!_stop.IsCancellationRequested)
        {
            var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (early > TimeSpan.Zero)
                await Task.Delay(early);
            var began = Stopwatch.GetTimestamp();
            try
            {
                await WriteAsync(random);
                Acknowledged(began);
            }
            catch (RaftKvException e)
            {
                lock (_gate)
                    _errors[e.GetType().Name] = _errors.GetValueOrDefault(e.GetType().Name) + 1;
            }
            due = Math.Max(due + interval, Stopwatch.GetTimestamp() - interval);
        }
    }

    private ValueTask<KvWriteResult> WriteAsync(Random random)
    {
        var kind = random.Next(100);
        var number = random.Next(_request.Keys).ToString("d15", CultureInfo.InvariantCulture);
        if (kind < _request.DeletePercent)
            return _kv.DeleteAsync("k" + number);
        var length = random.Next(_request.ValueBytes / 2, _request.ValueBytes * 3 / 2 + 1);
        var value = _bytes.AsMemory(random.Next(_bytes.Length - length + 1), length);
        return kind < _request.DeletePercent + _request.ExpiringPercent
            ? _kv.SetAsync("e" + number, value, new KvSetOptions { TimeToLive = TimeSpan.FromSeconds(1 + random.Next(_request.LongestSeconds)) })
            : _kv.SetAsync("k" + number, value);
    }

    private void Acknowledged(long began)
    {
        lock (_gate)
        {
            NoteGap();
            _lastAt = Stopwatch.GetTimestamp();
            _calls.Record((long)Stopwatch.GetElapsedTime(began, _lastAt).TotalNanoseconds);
        }
    }

    private void NoteGap() => _longestGapMs = Math.Max(_longestGapMs, Stopwatch.GetElapsedTime(_lastAt).TotalMilliseconds);
}
