using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>Routes the messages of peers. Holder of the turn.</summary>
internal sealed class PeerMessages(
    ReplicaContext context, PeerContacts contacts, PeerDirectory peers, MemberDiscovery discovery, WriteTraces traces,
    ForwardedProposals forwarded, PendingProposals proposals, MembershipRequests requests, CopyVerifier verifier, StateTransfer transfer,
    DiskMonitor disk, MemberReports reports, ClusterClocks clocks, RollbackProof proof)
{
    public void Receive(PeerInput input)
    {
        switch (input.Message)
        {
            case RequestVote vote when peers.IsOtherIncarnation(input.From, input.Incarnation):
                peers.HearOtherIncarnation(input.From, input.Incarnation, vote);
                break;
            case RaftMessage message when peers.IsOtherIncarnation(input.From, input.Incarnation)
                && message is not (AppendEntries or InstallSnapshot or ReadIndexReply):
                discovery.AdmitRolledBack(input.From, input.Incarnation);
                break;
            case RaftMessage message:
                contacts.Record(input.From, context.Now.Ticks);
                context.Ports.Age?.Peers.Note(input.Incarnation, message);
                peers.HearUnknown(input.From);
                if (message is AppendEntries or InstallSnapshot)
                    proof.OnLed(input.From, message.Term);
                context.Step(new MessageReceived(context.Now, input.From, message, input.Incarnation));
                break;
            case ForwardWrites writes: forwarded.Take(input.From, writes); break;
            case ForwardTraces announced: traces.OnAnnounced(input.From, announced); break;
            case ForwardRefused refused: proposals.OnRefused(input.From, refused.Reason, refused.Sequences); break;
            case AdminRequest request: requests.OnForwarded(input.From, request); break;
            case AdminReply reply: requests.OnReply(reply); break;
            case IntegrityProbe probe: verifier.OnProbe(input.From, probe); break;
            case IntegrityAnswer answer: verifier.OnFingerprint(input.From, answer); break;
            case IntegrityVerdict verdict: verifier.OnVerdict(input.From, verdict); break;
            case DiskReport report: disk.OnReport(input.From, report); break;
            case MemberReport report: reports.OnReport(input.From, report); break;
            case StateRequest request: transfer.OnRequest(input.From, request); break;
            case StatePiece piece: transfer.OnPiece(piece); break;
            case WallClock clock: clocks.OnWallClock(input.From, clock); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }
}
