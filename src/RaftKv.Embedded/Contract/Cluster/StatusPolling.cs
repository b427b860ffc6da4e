using System.Runtime.CompilerServices;

namespace RaftKv.Embedded;

/// <summary>Polls <see cref="IRaftKvCluster.Status"/>, for implementations of the interface that are not notified of changes.</summary>
internal static class StatusPolling
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static async IAsyncEnumerable<RaftKvStatus> WatchAsync(
        IRaftKvCluster cluster, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RaftKvStatus? last = null;
        while (true)
        {
            var status = cluster.Status;
            if (last is null || HasChanged(last, status))
                yield return last = status;
            if (status.Role == RaftKvRole.Stopped)
                yield break;
            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
        }
    }

    public static async Task WaitUntilReadyAsync(IRaftKvCluster cluster, CancellationToken cancellationToken)
    {
        while (true)
        {
            var status = cluster.Status;
            if (status.IsReady)
                return;
            if (ReasonAgainst(status.Role) is { } reason)
                throw new RaftKvUnavailableException(reason, $"The node {status.NodeId} is {status.Role}, and will not become ready.");
            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
        }
    }

    private static RaftKvUnavailableReason? ReasonAgainst(RaftKvRole role) => role switch
    {
        RaftKvRole.Faulted => RaftKvUnavailableReason.Faulted,
        RaftKvRole.Removed => RaftKvUnavailableReason.Removed,
        RaftKvRole.Stopped => RaftKvUnavailableReason.Stopping,
        _ => null,
    };

    private static bool HasChanged(RaftKvStatus before, RaftKvStatus now) => before.Role != now.Role || before.Term != now.Term
        || before.LeaderId != now.LeaderId || before.ConfigurationIndex != now.ConfigurationIndex
        || !before.Members.Select(m => (m.NodeId, m.Role)).SequenceEqual(now.Members.Select(m => (m.NodeId, m.Role)));
}
