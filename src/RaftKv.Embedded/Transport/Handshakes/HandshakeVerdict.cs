namespace RaftKv.Embedded.Transport;

/// <summary>The answer to a <see cref="PeerHello"/>. The numbers are part of the wire format.</summary>
internal enum HandshakeVerdict : byte
{
    Welcome = 1,

    /// <summary>We belong to another cluster.</summary>
    OtherCluster = 2,

    /// <summary>The address that was dialled is another node's.</summary>
    NotMe = 3,

    /// <summary>Your name is a member's, but your data directory is not the one that joined.</summary>
    OtherIncarnation = 4,

    /// <summary>We have no cluster yet and you did not name our incarnation.</summary>
    NotJoined = 5,

    /// <summary>The protocol versions do not overlap.</summary>
    Protocol = 6,

    /// <summary>Stopping or faulted.</summary>
    Unavailable = 7,

    /// <summary>You have not proven who you are: another secret or none, or the certificate of another node.</summary>
    NotAuthenticated = 8,

    /// <summary>
    /// Another process runs with your identity, began before you, and answers: one of you has a copy of the other's data directory.
    /// </summary>
    SecondProcess = 9,

    /// <summary>Your version does not understand what stands in our log.</summary>
    TooOld = 10,

    /// <summary>Your data directory is older than what we have seen of it.</summary>
    RolledBack = 11,
}
