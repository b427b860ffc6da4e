using System.Runtime.CompilerServices;
using RaftKv.Embedded;

namespace RaftKv.Contract.Tests;

/// <summary>A store whose watches end after the initial state, without an error and without waiting.</summary>
internal sealed class EndingWatchKv(IDistributedKv inner) : DelegatingDistributedKv(inner)
{
    public override async IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions options = default,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var change in Inner.WatchAsync(range, options, cancellationToken).ConfigureAwait(false))
        {
            yield return change;
            if (change.Kind == KvEventKind.InitialStateEnd)
                yield break;
        }
    }
}
