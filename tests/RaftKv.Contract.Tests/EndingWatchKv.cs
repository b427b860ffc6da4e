using System.Runtime.CompilerServices;
using RaftKv.Embedded;

namespace RaftKv.Contract.Tests;

/// <summary>
/// A store whose first <paramref name="times"/> watches end after the initial state, without an error and without waiting.
/// </summary>
internal sealed class EndingWatchKv(IDistributedKv inner, int times) : DelegatingDistributedKv(inner)
{
    private int _watches;

    public override async IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions options = default,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var ends = Interlocked.Increment(ref _watches) <= times;
        await foreach (var change in Inner.WatchAsync(range, options, cancellationToken).ConfigureAwait(false))
        {
            yield return change;
            if (ends && change.Kind == KvEventKind.InitialStateEnd)
                yield break;
        }
    }
}
