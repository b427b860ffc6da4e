namespace RaftKv.Embedded;

/// <summary>Work that runs on one node of the cluster at a time, added with <c>AddLeaderService&lt;TService&gt;()</c>.</summary>
public interface IRaftKvLeaderService
{
    /// <summary>
    /// Called when this node becomes the leader of the service, each time on a new instance in a scope of its own. When the method returns,
    /// leadership is released, and the service begins again, here or on another node, after
    /// <see cref="RaftKvLeaderServiceOptions.MinBackoff"/>. An exception of the method is logged and does not reach the host; the service
    /// begins again after a back-off.
    /// </summary>
    /// <param name="leadership">
    /// The leadership, with its fencing token: see <see cref="KvLock"/> for work that must not be done twice.
    /// </param>
    /// <param name="cancellationToken">
    /// Fires when leadership is lost, and when the host begins to stop. The next leader may begin before this method has returned.
    /// </param>
    Task RunAsync(KvLock leadership, CancellationToken cancellationToken);
}
