using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>
/// How far this node is between its adoption by a cluster and the first committed configuration that names it. The holder of the turn
/// writes, any thread reads.
/// </summary>
internal sealed class BootstrapProgress(ReplicaContext context)
{
    private bool _isSettled;
    private bool _holdsNothing;

    /// <summary>
    /// Any thread. A committed configuration names this data directory, or did and the node was removed: there is nothing to ask the
    /// cluster for.
    /// </summary>
    public bool IsSettled => Volatile.Read(ref _isSettled);

    /// <summary>Any thread. The node belongs to a cluster and has neither an entry nor a snapshot of it.</summary>
    public bool HoldsNothing => Volatile.Read(ref _holdsNothing);

    /// <summary>A configuration in force, committed or not, has named this incarnation since the process started.</summary>
    public bool WasNamed { get; private set; }

    /// <summary>The core has neither an entry nor a snapshot of its cluster.</summary>
    public bool IsEmpty => context.Core is { LastIndex: 0, SnapshotIndex: 0, Configuration.Members.Count: 0 };

    public void OnConfigurationChanged(ClusterConfiguration configuration) => WasNamed |= Names(configuration);

    public void Publish()
    {
        // A node that catches up passes configurations from before it was added. They do not name it either, and do not mean a removal.
        var wasRemoved = WasNamed && context.Core!.Role == RaftRole.Removed;
        if (!_isSettled && (wasRemoved || Names(context.Core!.CommittedConfiguration)))
            Volatile.Write(ref _isSettled, true);
        Volatile.Write(ref _holdsNothing, IsEmpty);
    }

    /// <summary>The node has given up its cluster.</summary>
    public void Reset() => Volatile.Write(ref _holdsNothing, false);

    private bool Names(ClusterConfiguration configuration) =>
        configuration.Find(context.NodeId) is { } member && member.IsOf(context.Identity.Incarnation);
}
