using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>The calls of the transport to the replica, on threads of the transport: they must not block for long.</summary>
internal interface ITransportHandler
{
    /// <summary>The current introduction of this node, for the next handshake.</summary>
    PeerHello Identity { get; }

    /// <summary>
    /// A peer dialled this node. Decides whether the peer is accepted. May block briefly, because a node without a cluster that adopts one
    /// makes that durable first.
    /// </summary>
    HandshakeVerdict OnHello(PeerHello hello);

    /// <summary>
    /// A peer that this node dialled accepted it, and is the member that was meant. Decides whether to use the connection.
    /// </summary>
    HandshakeVerdict OnAnswer(PeerHello answer) => HandshakeVerdict.Welcome;

    /// <summary>The text that a node which wants to join receives in <see cref="PeerHello.JoinAnswer"/>.</summary>
    string AnswerToJoin(PeerHello hello) => "";

    /// <summary>A valid message of a peer after the handshake. The receiver may keep the memory of the payload.</summary>
    /// <param name="from">The introduction of the peer on the connection of the message.</param>
    /// <param name="message">The message.</param>
    void OnMessage(PeerHello from, PeerMessage message);

    /// <summary>All messages that have been received on a connection so far are delivered.</summary>
    void OnPause();

    /// <summary>
    /// A connection to or from this peer was lost. <paramref name="reset"/>: its process is likely gone (closed or refused, not merely
    /// silent).
    /// </summary>
    void OnDisconnected(string nodeId, bool reset);

    /// <summary>A peer that was dialled was found at this address, and both sides accepted the connection.</summary>
    void OnConnected(PeerHello peer, string address);

    /// <summary>The node at a member's address refused the connection, or is not that member.</summary>
    void OnTurnedAway(Member member, PeerHello answer, HandshakeVerdict verdict, string address) { }

    /// <summary>Other addresses at which a peer may be found when it is not at that of the configuration, the likeliest first.</summary>
    IReadOnlyList<string> AddressesOf(string nodeId) => [];
}
