using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>What the transport tells the replica, on threads of its own: the calls must not block for long.</summary>
internal interface ITransportHandler
{
    /// <summary>Who we are now, for the next handshake.</summary>
    PeerHello Identity { get; }

    /// <summary>
    /// A peer dialled us. Decides whether to talk; may block briefly, for an unformed node that adopts a cluster makes that durable first.
    /// </summary>
    HandshakeVerdict OnHello(PeerHello hello);

    /// <summary>A peer that we dialled welcomed us, and is the one we meant. Decides whether to talk to it.</summary>
    HandshakeVerdict OnAnswer(PeerHello answer) => HandshakeVerdict.Welcome;

    /// <summary>What a node that wants to join is told, apart from who we are: <see cref="PeerHello.JoinAnswer"/>.</summary>
    string AnswerToJoin(PeerHello hello) => "";

    /// <summary>A valid message of a peer that shook hands. The payload's memory is the receiver's to keep.</summary>
    /// <param name="from">Who introduced itself on the connection that the message came on.</param>
    /// <param name="message">The message.</param>
    void OnMessage(PeerHello from, PeerMessage message);

    /// <summary>What has been received on a connection is delivered, and nothing more is there at the moment.</summary>
    void OnPause();

    /// <summary>
    /// A connection to or from this peer was lost. <paramref name="reset"/>: its process is likely gone (closed or refused, not merely
    /// silent).
    /// </summary>
    void OnDisconnected(string nodeId, bool reset);

    /// <summary>We dialled a peer, found it at this address, and both agreed.</summary>
    void OnConnected(PeerHello peer, string address);

    /// <summary>The node at a member's address refused the connection, or is not that member.</summary>
    void OnTurnedAway(Member member, PeerHello answer, HandshakeVerdict verdict, string address) { }

    /// <summary>Where else a peer may be found when it is not where its configuration says, the likeliest first.</summary>
    IReadOnlyList<string> AddressesOf(string nodeId) => [];
}
