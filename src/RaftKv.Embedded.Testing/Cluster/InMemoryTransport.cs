using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Testing;

/// <summary>A node's side of an <see cref="InMemoryNetwork"/>: no sockets and no ports.</summary>
internal sealed class InMemoryTransport(InMemoryNetwork network, string address) : ITransport
{
    private readonly Lock _gate = new();
    private volatile InMemoryLink[] _links = [];
    private ITransportHandler? _handler;
    private ArrivalQueue? _arrivals;
    private bool _isDisposed;

    public string ListenEndPoint => address;

    public string AdvertisedAddress => address;

    public ITransportHandler Handler => _handler ?? throw new InvalidOperationException("The transport has not been started.");

    /// <summary>The node's current introduction.</summary>
    public PeerHello Identity => Handler.Identity;

    /// <summary>While it is set, nothing arrives.</summary>
    public bool IsPaused
    {
        set => _arrivals?.IsPaused = value;
    }

    public void Start(ITransportHandler handler)
    {
        _handler = handler;
        _arrivals = new ArrivalQueue($"raftkv-net-{address}", handler.OnPause);
        network.Add(this);
    }

    /// <summary>
    /// Called on any thread. Runs <paramref name="arrival"/> on the thread of this node's arrivals, after <paramref name="delay"/>.
    /// </summary>
    public void Post(Action arrival, TimeSpan delay = default) => _arrivals?.Post(arrival, delay);

    public void SetPeers(IReadOnlyList<Member> peers)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            var self = Identity.NodeId;
            var links = new List<InMemoryLink>();
            foreach (var peer in peers.Where(p => p.NodeId != self))
            {
                var link = Array.Find(_links, l => l.Peer.NodeId == peer.NodeId && l.IsTo(peer));
                if (link is null)
                {
                    link = new InMemoryLink(network, this, peer);
                    Post(link.Dial);
                }
                links.Add(link);
            }
            foreach (var gone in _links.Except(links))
                gone.Close();
            _links = [.. links];
        }
    }

    /// <summary>Ends the connections that peers have dialled to this node.</summary>
    public void HangUp()
    {
        foreach (var link in _links)
            network.Find(address, link.Peer.Address)?.Lose(this, reset: true);
    }

    public bool Send(string nodeId, PeerMessage message) =>
        Array.Find(_links, l => l.Peer.NodeId == nodeId) is { } link && link.Send(message);

    public bool IsConnected(string nodeId) => Array.Find(_links, l => l.Peer.NodeId == nodeId) is { IsConnected: true };

    public void Flush()
    {
        foreach (var link in _links)
            link.Flush();
    }

    /// <summary>This node's verdict on a node that introduces itself.</summary>
    public HandshakeVerdict Judge(PeerHello hello)
    {
        try
        {
            return Handler.OnHello(hello);
        }
        catch (RaftKvStorageException)
        {
            // As in the product: such a connection ends, and is dialled again.
            return HandshakeVerdict.Unavailable;
        }
    }

    /// <summary>Called on any thread. Loses this node's connection to a peer, and tells this node that the peer is disconnected.</summary>
    public void Lose(InMemoryTransport peer, bool reset)
    {
        var nodeId = peer.Identity.NodeId;
        var link = Array.Find(_links, l => l.Target == peer);
        link?.Lose();
        Post(() => Handler.OnDisconnected(nodeId, reset));
    }

    public async Task<PeerHello> ProbeAsync(
        string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false)
    {
        var answer = new TaskCompletionSource<PeerHello>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (network.Find(ListenEndPoint, address) is { } target)
        {
            var (hello, delay) = (Identity with { WantsToJoin = wantsToJoin }, network.DelayBetween(ListenEndPoint, address));
            target.Post(() => answer.TrySetResult(target.Answer(hello)), 2 * delay);
        }
        else
        {
            answer.SetException(new TimeoutException());
        }
        try
        {
            return await answer.Task.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, $"There is no node to be reached at {address}.", e);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }
        network.Remove(this);
        foreach (var link in _links)
            link.Close();
        _arrivals?.Close();
    }

    private PeerHello Answer(PeerHello probe)
    {
        if (!probe.WantsToJoin)
            return Identity;
        _ = Judge(probe);
        return Identity with { JoinAnswer = Handler.AnswerToJoin(probe) };
    }
}
