using System.Runtime.CompilerServices;

namespace RaftKv.Embedded;

/// <summary>
/// Leadership on top of the locks of an <see cref="IRaftKvCoordination"/>, for implementations that do not have their own.
/// </summary>
internal static class LockedWork
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(IRaftKvCoordination coordination, string name, Func<KvLock, CancellationToken, Task> work,
        KvLockOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        while (true)
        {
            var held = await coordination.AcquireLockAsync(name, options, cancellationToken).ConfigureAwait(false);
            await using var released = held.ConfigureAwait(false);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.LostToken);
            try
            {
                await work(held, end.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (held.IsLost && !cancellationToken.IsCancellationRequested)
            {
                // Leadership was lost: stand for election again.
            }
            cancellationToken.ThrowIfCancellationRequested();
            if (!held.IsLost)
                return;
        }
    }

    public static async IAsyncEnumerable<KvLockHolder?> WatchHolderAsync(
        IRaftKvCoordination coordination, string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = await coordination.GetHolderAsync(name, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            yield return last;
            var token = last?.FencingToken;
            while (last?.FencingToken == token)
            {
                await Task.Delay(LookInterval, cancellationToken).ConfigureAwait(false);
                try
                {
                    last = await coordination.GetHolderAsync(name, cancellationToken).ConfigureAwait(false);
                }
                catch (RaftKvException e) when (e.IsTransient)
                {
                    // The next read may succeed.
                }
            }
        }
    }
}
