using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>
/// A data directory that has gone back in time (an image that was restored, a volume that was rolled back) has forgotten votes and entries
/// that it acknowledged. Until enough peers have heard how old it is, and agreed, this node gives no vote and acknowledges nothing: for the
/// core, those messages are lost on the network. A peer that has seen a newer state of the directory says so. Then the directory gets
/// another identity, and the cluster admits the node like a node with a new disk.
/// </summary>
internal sealed class RollbackProof(ReplicaContext context, LogSubmissions submissions, PeerDirectory peers, StatusPublisher status)
{
    /// <summary>How often what peers made durable is saved; new starts of theirs are saved at once.</summary>
    private static readonly long MemoryInterval = TimeSpan.FromSeconds(10).Ticks;

    private const int LateTimeouts = 5;

    /// <summary>
    /// Within this time a peer whose attempts are not answered has dialled again: an attempt takes at most 2 s, the pause after it 0.5 s.
    /// </summary>
    private static readonly long CallTime = TimeSpan.FromSeconds(3).Ticks;

    /// <summary>
    /// Within this time every peer has dialled again: an attempt takes at most 7 s, with the introductions, and the pause after it 2 s.
    /// </summary>
    private static readonly long LongestCallTime = TimeSpan.FromSeconds(10).Ticks;

    /// <summary>How often the log says of one member that its directory has gone back in time.</summary>
    private readonly RepeatThrottle _rollbackReports = new(TimeSpan.FromSeconds(30));

    /// <summary>Peers that have heard in this run how old this directory is, and welcomed it.</summary>
    private readonly HashSet<string> _welcomedBy = new(StringComparer.Ordinal);
    private bool _isProven = true;
    private bool _hadEntries;

    /// <summary>The configuration that this process recovered has this node as its only voter.</summary>
    private bool _beganAlone;
    private bool _isFenced;
    private long _recoveredAt;
    private long _recoveredIndex;
    private long _nextMemory;
    private volatile string? _rolledBack;

    /// <summary>
    /// Any thread. Why this node gives no vote and acknowledges nothing: its data directory has gone back in time. <c>null</c> otherwise.
    /// </summary>
    public string? RolledBack => _rolledBack;

    /// <summary>
    /// A directory that an earlier process used must be shown to others that may have seen a newer state of it, even if it has no entry, or
    /// had no cluster: its newer state may have had both. A node whose configuration has no other voter has no peer to ask.
    /// </summary>
    public void Begin()
    {
        var core = context.Core!;
        _beganAlone = core.Configuration.VoterCount == 1 && core.Configuration.IsVoter(context.NodeId);
        _isProven = context.Ports.Age is null || context.Identity.IsNew || _beganAlone;
        _hadEntries = core.Configuration.Members.Count > 0;
        (_recoveredAt, _recoveredIndex) = (context.Now.Ticks, core.LastIndex);
        // The node may have given up another cluster.
        (_isFenced, _rolledBack) = (false, null);
        _welcomedBy.Clear();
    }

    /// <summary>A peer has heard how old this directory is, and welcomed it.</summary>
    public void OnWelcomed(string nodeId)
    {
        _welcomedBy.Add(nodeId);
        Evaluate();
    }

    private void Evaluate()
    {
        if (_isProven || context.Core is null)
            return;
        var waited = context.Now.Ticks - _recoveredAt;
        _isProven = _hadEntries ? IsProvenToVoters(waited) : IsProvenToCallers(waited);
    }

    /// <summary>
    /// Enough peers have heard it when every other voter has, or when a quorum has, this node included, and those that are away have had
    /// one election timeout to connect. The configuration of a directory that was away for long may name voters that are gone: after five
    /// election timeouts one peer suffices.
    /// </summary>
    private bool IsProvenToVoters(long waited)
    {
        var (voters, welcomes) = CountVoters();
        return welcomes == voters
            || (waited >= context.Options.ElectionTimeout.Ticks && _welcomedBy.Count >= context.Core!.Configuration.Quorum - 1)
            || (waited >= LateTimeouts * context.Options.ElectionTimeout.Ticks && _welcomedBy.Count > 0);
    }

    /// <summary>
    /// A directory that had no entry knows no voter, and the first configuration that it receives may be an old one. So each member that
    /// counts on it gets the time to dial it and to say that it is older. That time is short when everyone who is known has welcomed it:
    /// the voters, or before there is a configuration the other initial members, because only they can need its vote then.
    /// </summary>
    private bool IsProvenToCallers(long waited)
    {
        var timeout = context.Options.ElectionTimeout.Ticks;
        if (waited < Math.Max(CallTime, timeout) || _welcomedBy.Count == 0)
            return false;
        if (waited >= Math.Max(LongestCallTime, LateTimeouts * timeout))
            return true;
        if (context.Core!.Configuration.Members.Count == 0)
        {
            var initial = context.Options.InitialMembers;
            return initial.Any(IsSelf) && initial.All(m => IsSelf(m) || _welcomedBy.Contains(m.NodeId));
        }
        var (voters, welcomes) = CountVoters();
        return welcomes == voters;
    }

    private bool IsSelf(RaftKvMember member) => member.NodeId == context.NodeId;

    /// <summary>The other voters, and how many of them have welcomed this node.</summary>
    private (int Voters, int Welcomes) CountVoters()
    {
        var (voters, welcomes) = (0, 0);
        foreach (var member in context.Core!.Configuration.Members)
        {
            if (!member.IsVoter || member.NodeId == context.NodeId)
                continue;
            voters++;
            if (_welcomedBy.Contains(member.NodeId))
                welcomes++;
        }
        return (voters, welcomes);
    }

    /// <summary>
    /// What of a message may be sent; <c>null</c> when nothing may. Nothing is sent that counts as a vote or an acknowledgement, because
    /// the directory may have forgotten earlier ones. Before the directory is proven, a leader is told that this node is there and how far
    /// the logs agree, so that it leads on and goes on sending, but no durable entry and no round; and how much of a snapshot has arrived.
    /// </summary>
    public Send? WhatMayLeave(Send send)
    {
        if ((_isProven && !_isFenced) || send.Message is ReadIndexRequest or RemovedNotice)
            return send;
        return _isFenced ? null : send.Message switch
        {
            AppendReply reply => send with { Message = reply with { Match = 0, Round = 0 } },
            // Its round asks for no promise and gives none.
            InstallSnapshotReply { Installed: false } => send,
            _ => null,
        };
    }

    public void OnTold(RollbackReported told)
    {
        if (context.Core is null || told.Incarnation != context.Identity.Incarnation)
            return;
        // A late answer to the old identity: the new one must go on naming the incarnation that the cluster knows.
        if (_rolledBack is not null && !_isFenced)
            return;
        if (_beganAlone && context.Core.LastIndex > _recoveredIndex)
            GiveUpDirectory(told.By);
        if (!_isFenced)
        {
            _isFenced = true;
            submissions.DropHeld();
            _rolledBack = $"The data directory of this node is older than what {told.By} has seen of it: an image was restored, or a "
                + "volume was rolled back. It "
                + "gives no vote and acknowledges nothing until the cluster has admitted it again, which needs a quorum of the other "
                + "members.";
            context.Log.RolledBack(context.NodeId, told.By);
            status.PublishNow();
        }
        // Without a leader there is no quorum without this node, and giving up the vote would not help. The peer is dialled again and
        // reports it again. But a node that takes itself for the only voter would lead alone.
        if (told.IsLed || _beganAlone)
            Reincarnate();
    }

    /// <summary>
    /// Another node leads this node's cluster. If a node that takes itself for the only voter has not entered that term, or leads it as
    /// well, the other leader was elected without its vote, by voters that this directory does not know.
    /// </summary>
    public void OnLed(string by, long term)
    {
        if (_beganAlone && context.Core is { HasOtherVoters: false } core && (term > core.Term || (term == core.Term && context.Leads)))
            OnTold(new RollbackReported(by, context.Identity.Incarnation, isLed: true));
    }

    /// <summary>
    /// This node has led alone since it started, so its log has entries that the cluster never had, and they count as committed here. They
    /// cannot be taken back, and no member may have them.
    /// </summary>
    private void GiveUpDirectory(string by)
    {
        context.Identity.MarkDiverged();
        throw new RaftKvStorageException(RaftKvStorageError.Damaged,
            $"The data directory of this node is older than what {by} has seen of it: an image was restored, or a volume was rolled back. "
                + "The node was the only voter at that time and has led alone since it started, so it has entries that the cluster never "
                + $"had. {DirectoryMarkers.DivergedAdvice}");
    }

    public void OnSeen(string nodeId)
    {
        if (context.Core?.Configuration.Find(nodeId) is null || !_rollbackReports.IsDue(nodeId, context.Now.Ticks))
            return;
        context.Log.RolledBackMember(context.NodeId, nodeId);
    }

    private void Reincarnate()
    {
        try
        {
            context.Parts.ClusterBootstrap.Reincarnate();
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
        {
            return; // The peer says it again.
        }
        context.Log.Reincarnated(context.NodeId, context.Identity.Incarnation);
        context.Step(new Reincarnated(context.Now, context.Identity.Incarnation));
        // Connections that were made under the old identity end before anything is said under the new one.
        context.Transport.SetPeers([]);
        _isFenced = false;
        peers.Update();
    }

    public void Sweep()
    {
        Evaluate();
        if (_rolledBack is not null && !_isFenced && context.Core is { IsMember: true })
        {
            _rolledBack = null;
            context.Log.AdmittedAgain(context.NodeId);
            status.PublishNow();
        }
        if (context.Ports.Age is not { } age || !age.Peers.TryBeginSave(all: context.Now.Ticks >= _nextMemory))
            return;
        _nextMemory = context.Now.Ticks + MemoryInterval;
        context.Parts.Reader.Post(age.Peers.Save);
    }
}
