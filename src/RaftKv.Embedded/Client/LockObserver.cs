using System.Runtime.CompilerServices;
using Polly;

namespace RaftKv.Embedded.Client;

/// <summary>Finds the holder of a lock, without a place in its queue.</summary>
internal sealed class LockObserver(IDistributedKv kv, string name)
{
    private static readonly ResiliencePipeline Retry = TransientRetry.Every(TimeSpan.FromMilliseconds(200), static e => e.IsTransient);

    /// <summary>The holder, and the version at which it was looked for.</summary>
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

    /// <summary>The holder now, and each one after it; one that is over before it is looked at is passed over.</summary>
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

    /// <summary>The holder after a change of the queue.</summary>
    private async Task<(KvLockHolder? Holder, KvVersion At)> NextAsync(KvVersion at, CancellationToken cancellationToken)
    {
        await LockQueue.UntilAsync(
            kv, LockQueue.RangeOf(name), at, static change => change.Kind is not KvEventKind.Progress && change.EndsVersion,
            cancellationToken).ConfigureAwait(false);
        return await LookAsync(cancellationToken).ConfigureAwait(false);
    }
}
