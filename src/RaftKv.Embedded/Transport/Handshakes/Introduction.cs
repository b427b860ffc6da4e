namespace RaftKv.Embedded.Transport;

/// <summary>
/// The result of an introduction: the peer that answered, its verdict, and the seal of the frames that follow (null without a shared
/// secret).
/// </summary>
internal readonly record struct Introduction(PeerHello Peer, HandshakeVerdict Verdict, FrameSeal? Seal);
