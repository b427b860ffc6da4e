using System.Diagnostics.CodeAnalysis;
using Polly;
using Polly.Retry;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>How one turn of dialling, and talking if that succeeded, ended.</summary>
internal enum DialOutcome
{
    /// <summary>There was no answer, or the connection broke at once: try again, ever more slowly.</summary>
    Failed,

    /// <summary>The peer answered, and does not want us: as above, more slowly still.</summary>
    Refused,

    /// <summary>The connection was of use for a while; the next attempt is made at once.</summary>
    Ended,

    /// <summary>The peer is not needed any more.</summary>
    Stopped,
}

/// <summary>
/// When to dial again: exponential with jitter, as Polly computes it. Polly's delays end on the thread pool, which the application may have
/// starved; its clock is therefore one whose timers wait on the calling thread, and the whole pipeline runs there.
/// </summary>
/// <param name="options">The shortest and the longest waits.</param>
/// <param name="seed">Of the jitter.</param>
/// <param name="wake">Ends the wait under way, or the next one, before its time.</param>
internal sealed class ReconnectPolicy(TransportOptions options, ulong seed, ManualResetEventSlim wake)
{
    private readonly ResiliencePipeline<DialOutcome> _pipeline = Build(options, new Prng(seed), wake);

    /// <summary>Repeats the attempt on this thread until it ends otherwise than in failure or refusal.</summary>
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
