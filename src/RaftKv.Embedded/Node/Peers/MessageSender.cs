using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

/// <summary>Sends the messages of the core, once what they promise is durable and this node may promise it.</summary>
internal sealed class MessageSender(ReplicaContext context, LogSubmissions submissions, PeerDirectory peers, RollbackProof proof)
{
    public void SendOrHold(Send send)
    {
        if (!submissions.TryHold(send))
            Transmit(send);
    }

    public void OnLogWritten(LogWritten written)
    {
        submissions.OnWritten(written.Ticket);
        while (submissions.TryRelease(out var send))
            Transmit(send);
        if (written.Last.Index > 0)
            context.Step(new Appended(context.Now, written.Last));
    }

    private void Transmit(Send send)
    {
        if (proof.WhatMayLeave(send) is { } allowed && peers.ReceiverOf(allowed) is { } nodeId)
            context.Transport.Send(nodeId, allowed.Message);
    }
}
