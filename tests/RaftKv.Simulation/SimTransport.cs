using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Simulation;

/// <summary>A process's side of the <see cref="SimNetwork"/>.</summary>
internal sealed class SimTransport(SimNetwork network, SimNode node) : ITransport
{
    private readonly List<SimLink> _links = [];

    /// <summary>The process dies when this many more messages have left: whatever it sends after that is lost.</summary>
    public long CrashAfter { get; set; } = long.MaxValue;

    public bool HasCrashed => CrashAfter < 0;

    public string ListenEndPoint => node.Address;

    public string AdvertisedAddress => node.Address;

    public IReadOnlyList<SimLink> Links => _links;

    public void Start(ITransportHandler handler) { }

    public void SetPeers(IReadOnlyList<Member> peers)
    {
        foreach (var peer in peers)
        {
            var known = _links.FindIndex(l => l.Peer.NodeId == peer.NodeId);
            if (known >= 0 && _links[known].Peer.Address == peer.Address && _links[known].Peer.Incarnation == peer.Incarnation)
                continue;
            if (known >= 0)
                Drop(known);
            var link = new SimLink(node, peer, network.ChanceBetween(node.Id, peer.NodeId), network);
            _links.Add(link);
            network.Dial(link, VirtualTime.Millisecond);
        }
        for (var i = _links.Count - 1; i >= 0; i--)
        {
            if (peers.All(p => p.NodeId != _links[i].Peer.NodeId))
                Drop(i);
        }
    }

    public void HangUp() => network.HangUp(node);

    public bool Send(string nodeId, PeerMessage message)
    {
        if (LinkTo(nodeId) is not { IsConnected: true } link)
            return false;
        var frame = new byte[MessageEncoder.FrameSize(message)];
        if (message.IsBulk && !link.HasRoomFor(frame.Length))
            return false;
        MessageEncoder.WriteFrame(message, frame);
        link.Unsent.Add((frame, message.IsBulk));
        link.Sent.Note(message);
        if (message is ForwardWrites writes)
            network.OnForwarded(node, writes);
        else if (message is AdminReply)
            network.OnReplying(node);
        return true;
    }

    public bool IsConnected(string nodeId) => LinkTo(nodeId) is { IsConnected: true };

    public void Flush()
    {
        foreach (var link in _links)
        {
            foreach (var (frame, isBulk) in link.Unsent)
            {
                if (--CrashAfter >= 0)
                    network.Transmit(link, frame, isBulk);
            }
            link.Unsent.Clear();
        }
    }

    public Task<PeerHello> ProbeAsync(string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false) => network.Probe(node, address, timeout);

    public void Dispose() { }

    private SimLink? LinkTo(string nodeId)
    {
        foreach (var link in _links)
        {
            if (link.Peer.NodeId == nodeId)
                return link;
        }
        return null;
    }

    private void Drop(int index)
    {
        var link = _links[index];
        _links.RemoveAt(index);
        network.Close(link);
    }
}
