using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    private void Receive(PeerInput input)
    {
        switch (input.Message)
        {
            case RequestVote vote when _peers.IsOtherIncarnation(input.From, input.Incarnation): _peers.HearOtherIncarnation(input.From, input.Incarnation, vote); break;
            case RaftMessage message when _peers.IsOtherIncarnation(input.From, input.Incarnation) && message is not (AppendEntries or InstallSnapshot or ReadIndexReply):
                _discovery.TakeInRolledBack(input.From, input.Incarnation);
                break;
            case RaftMessage message:
                _contacts.Record(input.From, _context.Now.Ticks);
                _context.Dependencies.Age?.Peers.Note(input.Incarnation, message);
                _peers.HearUnknown(input.From);
                _context.Step(new MessageReceived(_context.Now, input.From, message, input.Incarnation));
                break;
            case ForwardWrites writes: _forwardedProposals.Take(input.From, writes); break;
            case ForwardTraces traces: _traces.OnAnnounced(input.From, traces); break;
            case ForwardRefused refused: _proposals.OnRefused(input.From, refused.Reason, refused.Sequences); break;
            case AdminRequest request: _requests.OnForwarded(input.From, request); break;
            case AdminReply reply: _requests.OnReply(reply); break;
            case IntegrityProbe probe: _verifier.OnProbe(input.From, probe); break;
            case IntegrityAnswer answer: _verifier.OnFingerprint(input.From, answer); break;
            case IntegrityVerdict verdict: _verifier.OnVerdict(input.From, verdict); break;
            case DiskReport report: _diskMonitor.OnReport(input.From, report); break;
            case MemberReport report: _memberReports.OnReport(input.From, report); break;
            case SeedRequest request: _transfer.OnRequest(input.From, request); break;
            case SeedPiece piece: _transfer.OnPiece(piece); break;
            case WallClock clock: _clocks.OnWallClock(input.From, clock); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private void OnPeerConnected(PeerConnected connected)
    {
        var peer = connected.Peer;
        _discovery.OnConnected(peer, connected.Address);
        _abilities.Record(peer);
        _proof.OnWelcomed(peer.NodeId);
        // Before any vote: who wins an election knows the clocks of those who voted for it.
        _clocks.Tell(peer.NodeId);
        _proposals.RenewRoute(peer.NodeId);
    }

    private void OnPeerLost(PeerLost lost)
    {
        if (lost.NodeId == _context.Core?.LeaderId)
            _requests.ReleaseForwarded();
        if (lost.Reset)
            _context.Step(new PeerDisconnected(_context.Now, lost.NodeId));
    }

    /// <summary>A node introduced itself. One that is not in our configuration is dialled at once, so that it can be answered.</summary>
    private void OnMet(Member node)
    {
        _peers.OnMet(node);
        // Its refusals may have been lost with its old connection.
        _proposals.RenewRoute(node.NodeId);
    }
}
