using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    /// <summary>How long a node that is not a member is dialled after its last word, so that it can be answered.</summary>
    private static readonly long StrangerLifetime = TimeSpan.FromSeconds(30).Ticks;

    private const int MaxStrangers = 16;

    private const int MaxIntroduced = 256;

    /// <summary>Nodes outside the configuration that talk to us or were members a moment ago.</summary>
    private readonly Dictionary<string, (Member Member, long Until)> _strangers = [];

    /// <summary>
    /// Who introduced itself, last under each name, and where it is to be found. A connection may be silent for longer than a stranger is dialled, and what comes
    /// then must find its way back: the leader of a configuration this node does not have yet is such a stranger.
    /// </summary>
    private readonly Dictionary<string, Member> _introduced = [];
    private IReadOnlyList<Member> _members = [];

    /// <summary>No node id has it.</summary>
    private const char NamesakeMark = '@';

    /// <summary>Members that have asked for a vote from another data directory than the configuration here names, since there was a leader.</summary>
    private readonly HashSet<string> _namesakes = [];

    private void Receive(PeerInput input)
    {
        switch (input.Message)
        {
            case RequestVote vote when IsOtherIncarnation(input.From, input.Incarnation): HearNamesake(input.From, input.Incarnation, vote); break;
            case RaftMessage message when IsOtherIncarnation(input.From, input.Incarnation) && message is not (AppendEntries or InstallSnapshot or ReadIndexReply):
                TakeInRolledBack(input.From, input.Incarnation);
                break;
            case RaftMessage message:
                _contacts.Record(input.From, _context.Now.Ticks);
                _context.Dependencies.Age?.Peers.Note(input.Incarnation, message);
                HearStranger(input.From);
                _context.Step(new MessageReceived(_context.Now, input.From, message, input.Incarnation));
                break;
            case ForwardWrites writes: OnForwarded(input.From, writes); break;
            case ForwardTraces traces: _traces.OnAnnounced(input.From, traces); break;
            case ForwardRefused refused: OnRefused(input.From, refused.Reason, refused.Sequences); break;
            case AdminRequest request: OnAdminRequest(input.From, request); break;
            case AdminReply reply: OnAdminReply(reply); break;
            case IntegrityProbe probe: OnProbe(input.From, probe); break;
            case IntegrityAnswer answer: OnFingerprint(input.From, answer); break;
            case IntegrityVerdict verdict: OnVerdict(input.From, verdict); break;
            case DiskReport report: OnDiskReport(input.From, report); break;
            case MemberReport report: _memberReports.OnReport(input.From, report); break;
            case SeedRequest request: OnSeedRequest(input.From, request); break;
            case SeedPiece piece: OnSeedPiece(piece); break;
            case WallClock clock: OnWallClock(input.From, clock); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private void OnPeerConnected(PeerConnected connected)
    {
        var peer = connected.Peer;
        NoteWhereReached(peer, connected.Address);
        _abilities.Record(peer);
        _welcomedBy.Add(peer.NodeId);
        ConsiderProof();
        // Before any vote: who wins an election knows the clocks of those who voted for it.
        TellWallClock(peer.NodeId);
        RenewRoute(peer.NodeId);
    }

    private void OnPeerLost(PeerLost lost)
    {
        if (lost.NodeId == _context.Core?.LeaderId)
            ReleaseForwarded();
        if (lost.Reset)
            _context.Step(new PeerDisconnected(_context.Now, lost.NodeId));
    }

    /// <summary>A node introduced itself. One that is not in our configuration is dialled at once, so that it can be answered.</summary>
    private void OnMet(Member node)
    {
        Introduce(node);
        // Its refusals may have been lost with its old connection.
        RenewRoute(node.NodeId);
        if (_context.Core is null || _context.Core.Configuration.Find(node.NodeId) is not null)
            return;
        Remember(node);
        UpdatePeers();
    }

    private void Introduce(Member node)
    {
        if (_introduced.Count >= MaxIntroduced && !_introduced.ContainsKey(node.NodeId))
        {
            foreach (var known in _introduced.Keys)
            {
                if (_context.Core?.Configuration.Find(known) is null)
                    _introduced.Remove(known);
            }
        }
        _introduced[node.NodeId] = node;
    }

    /// <summary>
    /// Whether a member speaks from another data directory than the configuration here names. It was removed, and added again with an empty disk, in entries
    /// this node may not have yet. What it says as an elected leader holds, whoever it is; in votes and acknowledgements the two must not be taken for one.
    /// </summary>
    private bool IsOtherIncarnation(string nodeId, Guid incarnation) => _context.Core?.Configuration.Find(nodeId) is { } member && !member.IsOf(incarnation);

    /// <summary>As the node of that name last introduced itself: where an answer to it would go.</summary>
    private bool IsOtherIncarnation(string nodeId) => _introduced.TryGetValue(nodeId, out var met) && IsOtherIncarnation(nodeId, met.Incarnation);

    /// <summary>
    /// Such a member asks for a vote, and perhaps only it can lead. To the core it is somebody who is in no configuration, under a name of its own: no vote that was ever given to the member it
    /// replaces fits it, and none that is given to it now fits that one, after a restart neither.
    /// </summary>
    private void HearNamesake(string from, Guid incarnation, RequestVote vote)
    {
        if (_namesakes.Add(from))
            UpdatePeers();
        _context.Step(new MessageReceived(_context.Now, NamesakeOf(from, incarnation), vote, incarnation));
    }

    private static string NamesakeOf(string nodeId, Guid incarnation) => $"{nodeId}{NamesakeMark}{incarnation:N}";

    private void Transmit(Send send)
    {
        if (WhatMayLeave(send) is not { } allowed)
            return;
        send = allowed;
        if (send.To.IndexOf(NamesakeMark) is var end and >= 0)
        {
            var nodeId = send.To[..end];
            if (_introduced.TryGetValue(nodeId, out var met) && NamesakeOf(nodeId, met.Incarnation) == send.To)
                _context.Transport.Send(nodeId, send.Message);
        }
        else if (send.Message is not VoteReply || !IsOtherIncarnation(send.To))
        {
            _context.Transport.Send(send.To, send.Message);
        }
    }

    /// <summary>A leader's log says who is a member.</summary>
    private void OnLeaderKnown(string leader)
    {
        if (_namesakes.Count == 0 && !IsOtherIncarnation(leader))
            return;
        _namesakes.Clear();
        UpdatePeers();
    }

    private void HearStranger(string from)
    {
        if (_context.Core is null || _context.Core.Configuration.Find(from) is not null || !_introduced.TryGetValue(from, out var stranger))
            return;
        var isNew = !_strangers.ContainsKey(from);
        Remember(stranger);
        if (isNew)
            UpdatePeers();
    }

    private void Remember(Member node)
    {
        if (_strangers.Count < MaxStrangers || _strangers.ContainsKey(node.NodeId))
            _strangers[node.NodeId] = (node, _context.Now.Ticks + StrangerLifetime);
    }

    private void UpdatePeers()
    {
        var members = _context.Core!.Configuration.Members;
        // A member that has just been removed must still hear that its removal is committed.
        foreach (var former in _members)
        {
            if (_context.Core.Configuration.Find(former.NodeId) is not null)
                continue;
            // What a node says of itself is newer than what an old configuration has: its disk may be another one by now.
            _introduced.TryAdd(former.NodeId, former);
            Remember(_introduced[former.NodeId]);
        }
        _members = members;
        var peers = new List<Member>();
        foreach (var member in members)
        {
            if (member.NodeId != _context.NodeId)
                peers.Add((member.NodeId == _context.Core.LeaderId || _namesakes.Contains(member.NodeId)) && IsOtherIncarnation(member.NodeId) ? _introduced[member.NodeId] : member);
            _strangers.Remove(member.NodeId);
        }
        foreach (var (stranger, _) in _strangers.Values)
        {
            if (stranger.NodeId != _context.NodeId)
                peers.Add(stranger);
        }
        _context.Transport.SetPeers(peers);
        Volatile.Write(ref _publishedConfiguration, _context.Core.Configuration);
    }

    private void SweepStrangers()
    {
        var gone = false;
        foreach (var (nodeId, (_, until)) in _strangers)
        {
            if (until < _context.Now.Ticks)
                gone |= _strangers.Remove(nodeId);
        }
        if (gone)
            UpdatePeers();
    }
}
