using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>Decides which peers may connect and which of their messages this node takes. Runs on the transport's threads.</summary>
internal sealed class PeerAdmission(
    Replica replica, Action takeTurn, LocalIdentity identity, ClusterBootstrap bootstrap, ContactPoints contacts, ProcessMark process,
    RaftKvOptions options, Func<string> address, DirectoryAge? age = null) : ITransportHandler
{
    private readonly ClusterLimits _limits = ClusterLimits.Of(options);
    private readonly ulong _digest = InitialMembersDigest.Of(options);
    private volatile bool _closed;

    public PeerHello Identity
    {
        get
        {
            var cluster = identity.ClusterId;
            var holdsNothing = cluster != Guid.Empty && replica.HoldsNothing;
            var digest = cluster == Guid.Empty || holdsNothing ? _digest : default(ulong?);
            return Introduction with { ClusterId = cluster, HoldsNothing = holdsNothing, InitialMembersDigest = digest };
        }
    }

    private PeerHello Introduction => new()
    {
        NodeId = identity.NodeId,
        Incarnation = identity.Incarnation,
        Address = address(),
        Process = process.Id,
        StartedAt = process.StartedAt,
        FeatureLevel = FeatureLevels.Of(options),
        Limits = FeatureLevels.Of(options) >= FeatureLevels.Safeguards ? _limits : null,
        Start = age?.Describe(identity.ReplacedIncarnation, replica.IsLed),
    };

    /// <summary>Turns every peer away from now on.</summary>
    public void Close() => _closed = true;

    public HandshakeVerdict OnHello(PeerHello hello)
    {
        if (_closed)
            return HandshakeVerdict.Unavailable;
        if (hello.IsProbe)
        {
            // A node with a history of its own joins no other cluster. A node of this cluster asks when the entry that admitted it is lost.
            if (hello.WantsToJoin && (hello.ClusterId == Guid.Empty || hello.ClusterId == identity.ClusterId))
                replica.Post(new JoinRequested(hello.NodeId, hello.Incarnation, hello.Address, leadersConcern: false));
            return HandshakeVerdict.Welcome;
        }
        if (hello.TargetNodeId != identity.NodeId)
            return HandshakeVerdict.NotMe;
        if (hello.TargetIncarnation != Guid.Empty && hello.TargetIncarnation != identity.Incarnation)
        {
            if (identity.ClusterId == Guid.Empty && hello.ClusterId != Guid.Empty && hello.Address.Length > 0)
                contacts.NoteClaimant(hello.Address);
            return HandshakeVerdict.OtherIncarnation;
        }
        if (identity.ClusterId == Guid.Empty)
        {
            // Only a cluster that names exactly this data directory has really added this node.
            if (hello.ClusterId == Guid.Empty || hello.TargetIncarnation == Guid.Empty)
                return HandshakeVerdict.NotJoined;
            if (bootstrap.TryAdopt(hello.ClusterId, out var start) && start is not null)
                replica.Post(new Bootstrapped(start));
        }
        if (hello.ClusterId != identity.ClusterId)
            return HandshakeVerdict.OtherCluster;
        if (hello.Address.Length > 0 && !replica.IsSettled)
            contacts.NoteCaller(hello.Address);
        if (replica.PublishedConfiguration.Find(hello.NodeId) is { } member && member.Incarnation != Guid.Empty
            && member.Incarnation != hello.Incarnation)
        {
            // A peer may keep the connection that it made before the directory got its new identity, and learns of the identity only here.
            if (hello.Start?.ReplacedIncarnation == member.Incarnation)
                replica.Post(new JoinRequested(hello.NodeId, hello.Incarnation, hello.Address, leadersConcern: true, isRolledBack: true));
            // A member under another identity was removed and added anew. The log of a leader says which of the two is the newer one. A
            // node without a leader accepts both: the new one may be the only leader there is.
            if (replica.IsLed)
                return HandshakeVerdict.OtherIncarnation;
        }
        if (IsOlder(hello))
            return HandshakeVerdict.RolledBack;
        age?.Peers.Note(hello);
        // Also of a node whose entry has yet to arrive: the entry may name an older address, and this connection stays.
        if (hello.Address.Length > 0 && contacts.Note(hello.NodeId, hello.Address))
            replica.Post(new AddressesLearned());
        if (hello.FeatureLevel < replica.PublishedConfiguration.FeatureLevel)
            return HandshakeVerdict.TooOld;
        replica.Post(new PeerIntroduced(new Member(hello.NodeId, hello.Address, hello.Incarnation, MemberRole.Learner)));
        return HandshakeVerdict.Welcome;
    }

    public HandshakeVerdict OnAnswer(PeerHello answer)
    {
        if (IsOlder(answer))
            return HandshakeVerdict.RolledBack;
        age?.Peers.Note(answer);
        return HandshakeVerdict.Welcome;
    }

    private bool IsOlder(PeerHello hello)
    {
        if (age?.Peers.IsOlder(hello) != true)
            return false;
        replica.Post(new RollbackDetected(hello.NodeId));
        return true;
    }

    public string AnswerToJoin(PeerHello hello) => replica.JoinRequests.AnswerTo(hello.NodeId, hello.Incarnation);

    public void OnMessage(PeerHello from, PeerMessage message)
    {
        // Late messages of a cluster that this node has given up are dropped.
        if (from.ClusterId == identity.ClusterId)
            replica.PostMessage(from, message);
    }

    public void OnPause() => takeTurn();

    public void OnDisconnected(string nodeId, bool reset) => replica.Post(new PeerLost(nodeId, reset));

    public void OnConnected(PeerHello peer, string address) => replica.Post(new PeerConnected(peer, address));

    public void OnTurnedAway(Member member, PeerHello answer, HandshakeVerdict verdict, string address)
    {
        if (verdict == HandshakeVerdict.SecondProcess)
            replica.Post(new FaultHappened(new RaftKvStorageException(RaftKvStorageError.Locked,
                $"Another process runs with the identity of this node's data directory ({identity.Incarnation}), says {answer.NodeId}: "
                    + "one directory is a copy of the other. Stop this process, and "
                + "start it with an empty data directory and, if both are to run, another node id.")));
        else if (verdict == HandshakeVerdict.RolledBack)
            NoteRollback(member, answer);
        else if (answer.NodeId == member.NodeId && member.Incarnation != Guid.Empty && answer.Incarnation != member.Incarnation)
            NoteReplacement(member, answer, address);
    }

    /// <summary>
    /// Either node may have found the other's directory too old. Found by this node: the peer is told when it dials this node. Found by the
    /// peer: this node's own directory has gone back in time.
    /// </summary>
    private void NoteRollback(Member member, PeerHello answer)
    {
        if (age?.Peers.IsOlder(answer) != true)
            replica.Post(new RollbackReported(member.NodeId, identity.Incarnation, answer.Start?.IsLed == true));
    }

    /// <summary>
    /// A member whose disk was replaced by an empty one has its name and no cluster, or has nothing of this one: the entry that admitted it
    /// was replaced. A member whose directory went back in time names its old identity.
    /// </summary>
    private void NoteReplacement(Member member, PeerHello answer, string address)
    {
        var isRolledBack = answer.ClusterId == identity.ClusterId && answer.Start?.ReplacedIncarnation == member.Incarnation;
        if (answer.ClusterId == Guid.Empty || (answer.HoldsNothing && answer.ClusterId == identity.ClusterId) || isRolledBack)
            replica.Post(new JoinRequested(member.NodeId, answer.Incarnation, address, leadersConcern: true, isRolledBack));
    }

    public IReadOnlyList<string> AddressesOf(string nodeId) => contacts.Of(nodeId);
}
