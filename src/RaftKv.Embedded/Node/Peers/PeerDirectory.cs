using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The peers that this node dials: the members of the configuration, and nodes outside of it that must be answered. Holder of the turn,
/// unless a member says otherwise.
/// </summary>
internal sealed class PeerDirectory(ReplicaContext context)
{
    /// <summary>How long a node that is not a member is dialled after its last message, so that it can be answered.</summary>
    private static readonly long UnknownPeerLifetime = TimeSpan.FromSeconds(30).Ticks;

    private const int MaxUnknownPeers = 16;

    private const int MaxIntroduced = 256;

    /// <summary>Separates a name from an incarnation. No node id contains it.</summary>
    private const char IncarnationMark = '@';

    /// <summary>Nodes outside the configuration that send messages to this node or were members a moment ago.</summary>
    private readonly Dictionary<string, (Member Member, long Until)> _unknown = [];

    /// <summary>
    /// The nodes that introduced themselves, the last one under each name. A connection may be silent for longer than an unknown peer is
    /// dialled, and a message on it must be answered all the same: the leader of a configuration that this node does not have yet is an
    /// unknown peer.
    /// </summary>
    private readonly Dictionary<string, Member> _introduced = [];
    private IReadOnlyList<Member> _members = [];
    private ClusterConfiguration _publishedConfiguration = ClusterConfiguration.Empty;

    /// <summary>
    /// Members that have asked for a vote from another data directory than the configuration here names, since a leader was last known.
    /// </summary>
    private readonly HashSet<string> _otherIncarnations = [];

    /// <summary>Any thread. The configuration in force, for the handshake.</summary>
    public ClusterConfiguration PublishedConfiguration => Volatile.Read(ref _publishedConfiguration);

    /// <summary>
    /// Before the first turn. Peers connect as soon as the node listens, and their handshakes need the configuration that it recovered.
    /// </summary>
    public void Recover(RaftStart start) => Volatile.Write(ref _publishedConfiguration, new ConfigurationHistory(start).Current);

    /// <summary>A node introduced itself. A node that is not in the configuration is dialled at once, so that it can be answered.</summary>
    public void OnMet(Member node)
    {
        Introduce(node);
        if (context.Core is null || context.Core.Configuration.Find(node.NodeId) is not null)
            return;
        Remember(node);
        Update();
    }

    private void Introduce(Member node)
    {
        if (_introduced.Count >= MaxIntroduced && !_introduced.ContainsKey(node.NodeId))
        {
            foreach (var known in _introduced.Keys)
            {
                if (context.Core?.Configuration.Find(known) is null)
                    _introduced.Remove(known);
            }
        }
        _introduced[node.NodeId] = node;
    }

    /// <summary>
    /// Whether a member sends messages from another data directory than the configuration here names. It was removed, and added again with
    /// an empty disk, in entries this node may not have yet. Its messages as an elected leader are valid; in votes and acknowledgements the
    /// two directories must not be taken for one.
    /// </summary>
    public bool IsOtherIncarnation(string nodeId, Guid incarnation) =>
        context.Core?.Configuration.Find(nodeId) is { } member && !member.IsOf(incarnation);

    /// <summary>The same for the directory with which the node of that name introduced itself last, to which an answer would go.</summary>
    public bool IsOtherIncarnation(string nodeId) =>
        _introduced.TryGetValue(nodeId, out var met) && IsOtherIncarnation(nodeId, met.Incarnation);

    /// <summary>
    /// A member with another data directory asks for a vote, and may be the only node that can lead. For the core it is a node outside of
    /// the configuration, under a name of its own: no vote that was given to the member it replaces counts for it, and no vote for it
    /// counts for that member, not even after a restart.
    /// </summary>
    public void HearOtherIncarnation(string from, Guid incarnation, RequestVote vote)
    {
        if (_otherIncarnations.Add(from))
            Update();
        context.Step(new MessageReceived(context.Now, NameOf(from, incarnation), vote, incarnation));
    }

    /// <summary>The member, or the data directory that has its name now, if that leads or asks for votes.</summary>
    private Member Dialled(Member member)
    {
        var speaks = member.NodeId == context.Core!.LeaderId || _otherIncarnations.Contains(member.NodeId);
        return speaks && IsOtherIncarnation(member.NodeId) ? _introduced[member.NodeId] : member;
    }

    private static string NameOf(string nodeId, Guid incarnation) => $"{nodeId}{IncarnationMark}{incarnation:N}";

    /// <summary>The node that a message of the core is sent to; <c>null</c> when its receiver is another data directory by now.</summary>
    public string? ReceiverOf(Send send)
    {
        if (send.To.IndexOf(IncarnationMark) is var end and >= 0)
        {
            var nodeId = send.To[..end];
            return _introduced.TryGetValue(nodeId, out var met) && NameOf(nodeId, met.Incarnation) == send.To ? nodeId : null;
        }
        return send.Message is not VoteReply || !IsOtherIncarnation(send.To) ? send.To : null;
    }

    /// <summary>The other data directories that asked for votes are forgotten: the leader's log says which of them are members.</summary>
    public void OnLeaderKnown(string leader)
    {
        if (_otherIncarnations.Count == 0 && !IsOtherIncarnation(leader))
            return;
        _otherIncarnations.Clear();
        Update();
    }

    public void HearUnknown(string from)
    {
        if (context.Core is null || context.Core.Configuration.Find(from) is not null || !_introduced.TryGetValue(from, out var peer))
            return;
        var isNew = !_unknown.ContainsKey(from);
        Remember(peer);
        if (isNew)
            Update();
    }

    private void Remember(Member node)
    {
        if (_unknown.Count < MaxUnknownPeers || _unknown.ContainsKey(node.NodeId))
            _unknown[node.NodeId] = (node, context.Now.Ticks + UnknownPeerLifetime);
    }

    public void Update()
    {
        var members = context.Core!.Configuration.Members;
        // A member that has just been removed must still hear that its removal is committed.
        foreach (var former in _members)
        {
            if (context.Core.Configuration.Find(former.NodeId) is not null)
                continue;
            // What a node says of itself is newer than what an old configuration has: its disk may be another one by now.
            _introduced.TryAdd(former.NodeId, former);
            Remember(_introduced[former.NodeId]);
        }
        _members = members;
        var peers = new List<Member>();
        foreach (var member in members)
        {
            if (member.NodeId != context.NodeId)
                peers.Add(Dialled(member));
            _unknown.Remove(member.NodeId);
        }
        AddInitialMembers(peers);
        foreach (var (peer, _) in _unknown.Values)
        {
            if (peer.NodeId != context.NodeId)
                peers.Add(peer);
        }
        context.Transport.SetPeers(peers);
        Volatile.Write(ref _publishedConfiguration, context.Core.Configuration);
    }

    /// <summary>
    /// A directory that an earlier process used and that has no entry knows no member, and the initial members may have seen a newer state
    /// of it. It dials them at once, because those that have seen one turn it away and it must hear that before it votes.
    /// </summary>
    private void AddInitialMembers(List<Member> peers)
    {
        if (context.Core!.Configuration.Members.Count > 0 || context.Identity.IsNew)
            return;
        foreach (var member in context.Options.InitialMembers)
        {
            if (member.NodeId == context.NodeId || _unknown.ContainsKey(member.NodeId))
                continue;
            peers.Add(_introduced.TryGetValue(member.NodeId, out var met)
                ? met
                : new Member(member.NodeId, member.Address, Guid.Empty, MemberRole.Learner));
        }
    }

    public void Sweep()
    {
        var gone = false;
        foreach (var (nodeId, (_, until)) in _unknown)
        {
            if (until < context.Now.Ticks)
                gone |= _unknown.Remove(nodeId);
        }
        if (gone)
            Update();
    }

    /// <summary>The node has given up its cluster.</summary>
    public void Clear()
    {
        _unknown.Clear();
        _introduced.Clear();
        _otherIncarnations.Clear();
        _members = [];
        Volatile.Write(ref _publishedConfiguration, ClusterConfiguration.Empty);
    }
}
