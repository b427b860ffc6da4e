namespace RaftKv.Embedded.Transport;

/// <summary>How an introduction ended: who answered, what, and what seals the frames that follow (null without a shared secret).</summary>
internal readonly record struct Introduction(PeerHello Peer, HandshakeVerdict Verdict, FrameSeal? Seal);
