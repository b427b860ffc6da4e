namespace RaftKv.Embedded.Transport;

/// <summary>
/// The answer to a <see cref="PeerHello"/>. The numbers are part of the wire format. A dialler also uses verdicts to judge the answer;
/// dialler and answering node are exchanged then.
/// </summary>
internal enum HandshakeVerdict : byte
{
    Welcome = 1,

    /// <summary>The answering node belongs to another cluster.</summary>
    OtherCluster = 2,

    /// <summary>The address that was dialled is that of another node.</summary>
    NotMe = 3,

    /// <summary>The dialler has the name of a member, but its data directory is not the one that joined.</summary>
    OtherIncarnation = 4,

    /// <summary>The answering node has no cluster yet, and the dialler did not name its incarnation.</summary>
    NotJoined = 5,

    /// <summary>The protocol versions do not overlap.</summary>
    Protocol = 6,

    /// <summary>The answering node is stopping or has failed.</summary>
    Unavailable = 7,

    /// <summary>The dialler has not proven its identity: it has another secret or none, or the certificate of another node.</summary>
    NotAuthenticated = 8,

    /// <summary>
    /// Another process with the identity of the dialler was started before it, and still answers: one of the two has a copy of the other's
    /// data directory.
    /// </summary>
    SecondProcess = 9,

    /// <summary>The version of the dialler does not support the feature level of the cluster.</summary>
    TooOld = 10,

    /// <summary>The data directory of the dialler is older than what the answering node has recorded of it.</summary>
    RolledBack = 11,
}
