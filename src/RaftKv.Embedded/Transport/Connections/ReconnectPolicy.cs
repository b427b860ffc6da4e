using System.Diagnostics.CodeAnalysis;
using Polly;
using Polly.Retry;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>How one attempt to dial ended, or the connection if the attempt succeeded.</summary>
internal enum DialOutcome
{
    /// <summary>There was no answer, or the connection was lost soon: the next attempts are made after increasing delays.</summary>
    Failed,

    /// <summary>The peer answered, but refused this node: as <see cref="Failed"/>, with a longer maximum of the delay.</summary>
    Refused,

    /// <summary>The connection lasted for a while; the next attempt is made at once.</summary>
    Ended,

    /// <summary>The peer is not needed any more.</summary>
    Stopped,
}

/// <summary>
/// Decides when to dial again: exponential backoff with jitter, computed by Polly. Polly's delays would end on the thread pool, which the
/// application may have starved. Polly is therefore given a clock whose timers wait on the calling thread, so that the whole pipeline runs
/// there.
/// </summary>
/// <param name="options">The shortest and the longest delays.</param>
/// <param name="seed">The seed of the jitter.</param>
/// <param name="wake">Ends the current delay, or the next one, early.</param>
internal sealed class ReconnectPolicy(TransportOptions options, ulong seed, ManualResetEventSlim wake)
{
    private readonly ResiliencePipeline<DialOutcome> _pipeline = Build(options, new Prng(seed), wake);

    /// <summary>
    /// Repeats the attempt on this thread until its outcome is neither <see cref="DialOutcome.Failed"/> nor
    /// <see cref="DialOutcome.Refused"/>.
    /// </summary>
    public DialOutcome Run(Func<DialOutcome> attempt) => _pipeline.Execute(attempt);

    [UnconditionalSuppressMessage("AOT", "IL3050",
        Justification = "Polly keeps all members of the type of the outcome, those of Enum among them, and calls none of them.")]
    private static ResiliencePipeline<DialOutcome> Build(TransportOptions options, Prng prng, ManualResetEventSlim wake)
    {
        var builder = new ResiliencePipelineBuilder<DialOutcome> { TimeProvider = new CallersTime(wake) };
        return builder
            .AddRetry(Retry(DialOutcome.Refused, options.MinReconnectDelay, options.MaxRefusedDelay, prng))
            .AddRetry(Retry(DialOutcome.Failed, options.MinReconnectDelay, options.MaxReconnectDelay, prng))
            .Build();
    }

    private static RetryStrategyOptions<DialOutcome> Retry(DialOutcome on, TimeSpan first, TimeSpan most, Prng prng) => new()
    {
        ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is null && arguments.Outcome.Result == on),
        MaxRetryAttempts = int.MaxValue,
        BackoffType = DelayBackoffType.Exponential,
        Delay = first,
        MaxDelay = most,
        UseJitter = true,
        Randomizer = () => prng.Below(1 << 30) / (double)(1 << 30),
    };

    private sealed class CallersTime(ManualResetEventSlim wake) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            wake.Wait(dueTime);
            wake.Reset();
            callback(state);
            return new ElapsedTimer();
        }
    }

    private sealed class ElapsedTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose() { }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
