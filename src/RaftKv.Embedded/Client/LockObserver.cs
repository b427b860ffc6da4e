using System.Runtime.CompilerServices;
using Polly;

namespace RaftKv.Embedded.Client;

/// <summary>Finds the holder of a lock, without a place in its queue.</summary>
internal sealed class LockObserver(IDistributedKv kv, string name)
{
    private static readonly ResiliencePipeline Retry = TransientRetry.Every(TimeSpan.FromMilliseconds(200), static e => e.IsTransient);

    /// <summary>Returns the holder, and the version at which the queue was read.</summary>
    public async Task<(KvLockHolder? Holder, KvVersion At)> LookAsync(CancellationToken cancellationToken)
    {
        KvEntry? first = null;
        var count = 0;
        var at = await LockQueue.VisitAsync(kv, name, place =>
        {
            count++;
            if (first is not { } before || place.Version < before.Version)
                first = place;
        }, cancellationToken).ConfigureAwait(false);
        if (first is not { } found)
            return (null, at);
        var (nodeId, askedAt) = LockTicket.Decode(found.Value.Span);
        var holder = new KvLockHolder
        {
            NodeId = nodeId,
            FencingToken = found.Version,
            AskedAt = askedAt,
            Waiting = count - 1,
            LeaseId = LockQueue.LeaseOf(name, found.Key),
        };
        return (holder, at);
    }

    /// <summary>Yields the holder now, and each later one. A holder that released the lock between two reads is not yielded.</summary>
    public async IAsyncEnumerable<KvLockHolder?> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (last, at) = await LookAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            yield return last;
            var token = last?.FencingToken;
            while (last?.FencingToken == token)
            {
                (last, at) = await Retry.ExecuteAsync(
                    static async (call, end) => await call.Observer.NextAsync(call.At, end).ConfigureAwait(false),
                    (Observer: this, At: at), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Returns the holder after the next change of the queue.</summary>
    private async Task<(KvLockHolder? Holder, KvVersion At)> NextAsync(KvVersion at, CancellationToken cancellationToken)
    {
        await LockQueue.UntilAsync(
            kv, LockQueue.RangeOf(name), at, static change => change.Kind is not KvEventKind.Progress && change.EndsVersion,
            cancellationToken).ConfigureAwait(false);
        return await LookAsync(cancellationToken).ConfigureAwait(false);
    }
}
