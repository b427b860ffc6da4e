using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

// The time between the adoption by a cluster and the first committed configuration that names this node.
internal sealed partial class Replica
{
    private bool _isSettled;

    /// <summary>A configuration in force, committed or not, has named this incarnation since the process started.</summary>
    private bool _wasNamed;
    private bool _holdsNothing;

    /// <summary>Any thread. A committed configuration names this data directory, or did and the node was removed: there is nothing to ask the cluster for.</summary>
    public bool IsSettled => Volatile.Read(ref _isSettled);

    /// <summary>Any thread. The node belongs to a cluster and has neither an entry nor a snapshot of it.</summary>
    public bool HoldsNothing => Volatile.Read(ref _holdsNothing);

    private void PublishBootstrap()
    {
        // A node that catches up meets configurations from before its time, which name it as little as those after its removal do.
        var wasRemoved = _wasNamed && _context.Core!.Role == RaftRole.Removed;
        if (!_isSettled && (wasRemoved || Names(_context.Core!.CommittedConfiguration)))
            Volatile.Write(ref _isSettled, true);
        Volatile.Write(ref _holdsNothing, IsEmpty(_context.Core!));
    }

    private bool Names(ClusterConfiguration configuration) =>
        configuration.Find(_context.NodeId) is { } member && member.IsOf(_context.Identity.Incarnation);

    private static bool IsEmpty(RaftCore core) => core is { LastIndex: 0, SnapshotIndex: 0, Configuration.Members.Count: 0 };

    /// <summary>Gives a cluster up that this node has nothing of. To the rest of it, if there is any, the node is from now on one whose disk was replaced.</summary>
    private void OnClusterAbandoned(ClusterAbandoned abandoned)
    {
        if (_context.Core is not { LeaderId: null } || !IsEmpty(_context.Core) || _context.Identity.ClusterId != abandoned.ClusterId || _context.IsStopping || _lastTicket != _durableTicket)
            return;
        _context.Dependencies.Formation.Forget();
        _context.Core = null;
        _held.Clear();
        _strangers.Clear();
        _introduced.Clear();
        _namesakes.Clear();
        _rolledBackMembers.Clear();
        _members = [];
        _context.Transport.SetPeers([]);
        _context.Transport.HangUp();
        Volatile.Write(ref _publishedConfiguration, ClusterConfiguration.Empty);
        Volatile.Write(ref _holdsNothing, false);
        Volatile.Write(ref _statusParts, StatusParts.Unformed);
        _context.Log.ClusterAbandoned(_context.NodeId, abandoned.ClusterId);
        PublishNow();
    }
}
