using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>Routes inputs that come from connections to peers. Holder of the turn.</summary>
internal sealed class PeerEvents(
    ReplicaContext context, PeerMessages messages, PeerDirectory peers, PeerCapabilities abilities, MemberDiscovery discovery,
    RollbackProof proof, ClusterClocks clocks, PendingProposals proposals, MembershipRequests requests)
{
    public void OnMessage(PeerInput message) => messages.Receive(message);

    /// <summary>Returns <c>false</c> if the input does not come from a connection.</summary>
    public bool TryHandle(ReplicaInput input)
    {
        switch (input)
        {
            case PeerConnected connected: OnConnected(connected); return true;
            case AddressesLearned: OnAddressesLearned(); return true;
            case JoinRequested asked: discovery.OnJoinRequest(asked); return true;
            case JoinRequestSettled settled: discovery.OnSettled(settled); return true;
            case PeerLost lost: OnLost(lost); return true;
            case RollbackReported told: proof.OnTold(told); return true;
            case RollbackDetected seen: proof.OnSeen(seen.NodeId); return true;
            case PeerIntroduced met: OnMet(met.Node); return true;
            default: return false;
        }
    }

    private void OnConnected(PeerConnected connected)
    {
        var peer = connected.Peer;
        discovery.OnConnected(peer, connected.Address);
        abilities.Record(peer);
        proof.OnWelcomed(peer.NodeId);
        // Before any vote, so that the node that wins an election knows the clocks of those that voted for it.
        clocks.Tell(peer.NodeId);
        proposals.RenewRoute(peer.NodeId);
    }

    private void OnLost(PeerLost lost)
    {
        if (lost.NodeId == context.Core?.LeaderId)
            requests.ReleaseForwarded();
        if (lost.Reset)
            context.Step(new PeerDisconnected(context.Now, lost.NodeId));
    }

    private void OnAddressesLearned()
    {
        if (context.Core is not null)
            peers.Update();
    }

    private void OnMet(Member node)
    {
        peers.OnMet(node);
        // Its refusals may have been lost with its old connection.
        proposals.RenewRoute(node.NodeId);
    }
}
