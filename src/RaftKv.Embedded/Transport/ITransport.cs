using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>Carries messages between nodes. Messages may be lost, repeated across reconnects, and reordered between peers.</summary>
internal interface ITransport : IDisposable
{
    /// <summary>The end point on which it listens, with the actual port.</summary>
    string ListenEndPoint { get; }

    /// <summary>The address at which peers reach this node: the configured one, or <see cref="ListenEndPoint"/>.</summary>
    string AdvertisedAddress { get; }

    /// <summary>Begins to accept and to dial. The handler has the introduction of this node.</summary>
    void Start(ITransportHandler handler);

    /// <summary>
    /// Holder of the turn. Dials new peers, drops removed ones, and keeps the connections of members that did not change.
    /// </summary>
    void SetPeers(IReadOnlyList<Member> peers);

    /// <summary>
    /// Holder of the turn. Ends the connections of all nodes that have dialled this one: they were accepted for an identity that this node
    /// does not have any more.
    /// </summary>
    void HangUp();

    /// <summary>
    /// Holder of the turn. Encodes into the peer's buffer; nothing is sent before <see cref="Flush"/>. Urgent messages may overtake bulk
    /// ones (<see cref="PeerMessage.IsBulk"/>); each kind keeps its order. Without a connection, or over the buffer's limit, the message is
    /// dropped and counted.
    /// </summary>
    /// <returns>False: it was dropped and certainly does not arrive. True: it arrives unless the connection is lost.</returns>
    bool Send(string nodeId, PeerMessage message);

    /// <summary>Any thread. Whether there is a connection to the peer now.</summary>
    bool IsConnected(string nodeId);

    /// <summary>Holder of the turn, once per turn: at most one write per connection, never blocking.</summary>
    void Flush();

    /// <summary>
    /// Asks which node listens at an address; any thread but the replica's. With <paramref name="wantsToJoin"/> that node learns that this
    /// node wants to join its cluster.
    /// </summary>
    /// <exception cref="RaftKvUnavailableException">No node that speaks this protocol answered in time.</exception>
    Task<PeerHello> ProbeAsync(string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false);

    /// <summary>As <see cref="ProbeAsync"/>, on the calling thread; <c>null</c> if there is no answer.</summary>
    PeerHello? TryProbe(string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false)
    {
        try
        {
            return ProbeAsync(address, timeout, cancellationToken, wantsToJoin).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is RaftKvUnavailableException or OperationCanceledException)
        {
            return null;
        }
    }
}
