using Polly;
using Polly.Retry;

namespace RaftKv.Embedded.Client;

/// <summary>Repeats calls after transient errors, for as long as the caller waits.</summary>
internal static class TransientRetry
{
    /// <param name="pause">The pause between two attempts.</param>
    /// <param name="isHandled">Which errors are followed by another attempt; the others end the call.</param>
    public static ResiliencePipeline Every(TimeSpan pause, Func<RaftKvException, bool> isHandled) => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is RaftKvException e && isHandled(e)),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Constant,
            Delay = pause,
        })
        .Build();
}
