using Polly;
using Polly.Retry;

namespace RaftKv.Embedded;

/// <summary>
/// Reads a key, computes its next value and writes it on the condition that the version is unchanged; repeats this after a conflict.
/// </summary>
internal static class OptimisticUpdate
{
    private const int MaxAttempts = 20;

    private static readonly ResiliencePipeline<Attempt> Retry = new ResiliencePipelineBuilder<Attempt>()
        .AddRetry(new RetryStrategyOptions<Attempt>
        {
            ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Result.IsConflict),
            MaxRetryAttempts = MaxAttempts - 1,
            Delay = TimeSpan.FromMilliseconds(2),
            MaxDelay = TimeSpan.FromMilliseconds(200),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    /// <exception cref="RaftKvUnavailableException"><see cref="RaftKvUnavailableReason.Conflict"/>, or the error of a call.</exception>
    public static async ValueTask<KvWriteResult> RunAsync(IDistributedKv kv, string key, Func<KvGetResult, byte[]?> next,
        KvSetOptions options, CancellationToken cancellationToken)
    {
        var last = await Retry.ExecuteAsync(static (update, stop) => TryAsync(update.kv, update.key, update.next, update.options, stop),
            (kv, key, next, options), cancellationToken).ConfigureAwait(false);
        return last.IsConflict ? throw Conflict(key) : last.Result;
    }

    public static RaftKvUnavailableException Conflict(string key) => new(RaftKvUnavailableReason.Conflict,
        $"Other writers changed the key '{key}' during each of {MaxAttempts} attempts to update it. Nothing was written. "
        + "Try again later, or take a lock around the updates.");

    private static async ValueTask<Attempt> TryAsync(IDistributedKv kv, string key, Func<KvGetResult, byte[]?> next,
        KvSetOptions options, CancellationToken cancellationToken)
    {
        var current = await kv.GetAsync(key, default, cancellationToken).ConfigureAwait(false);
        if (next(current) is not { } value)
            return new Attempt(new KvWriteResult(false, current.Version), IsConflict: false);
        var unchanged = options with { When = KvCondition.VersionIs(current.Version) };
        var written = await kv.SetAsync(key, value, unchanged, cancellationToken).ConfigureAwait(false);
        return new Attempt(written, IsConflict: !written.Applied);
    }

    private readonly record struct Attempt(KvWriteResult Result, bool IsConflict);
}
