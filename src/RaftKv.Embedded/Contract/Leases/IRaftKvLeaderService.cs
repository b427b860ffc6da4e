namespace RaftKv.Embedded;

/// <summary>Work that runs on one node of the cluster at a time, added with <c>AddLeaderService&lt;TService&gt;()</c>.</summary>
public interface IRaftKvLeaderService
{
    /// <summary>
    /// Called when this node becomes the leader of the service, each time on a new instance in a scope of its own. When it returns,
    /// leadership is given up, and the service begins again, here or on another node, after
    /// <see cref="RaftKvLeaderServiceOptions.MinBackoff"/>. What it throws is logged, never thrown at the host, and the service begins
    /// again after a back-off.
    /// </summary>
    /// <param name="leadership">The leadership, with its fencing token: see <see cref="KvLock"/> for what must not be done twice.</param>
    /// <param name="cancellationToken">
    /// Fires when leadership is lost, and when the host begins to stop. The next leader may begin before this method has returned.
    /// </param>
    Task RunAsync(KvLock leadership, CancellationToken cancellationToken);
}
