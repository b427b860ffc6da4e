namespace RaftKv.Embedded.Transport;

/// <summary>
/// The meaning of a verdict, for the log. The text is the same on the node that was refused and on the node that refused it.
/// </summary>
internal static class HandshakeVerdictText
{
    public static string InWords(this HandshakeVerdict verdict) => verdict switch
    {
        HandshakeVerdict.Welcome => "it is welcome",
        HandshakeVerdict.OtherCluster => "the two nodes belong to different clusters",
        HandshakeVerdict.NotMe => "the address belongs to a node of another name",
        HandshakeVerdict.OtherIncarnation => "a data directory is not the one that the cluster knows under the name of its node",
        HandshakeVerdict.NotJoined => "the node that was dialled is not a member of the cluster yet",
        HandshakeVerdict.Protocol => "the two nodes have no protocol version in common",
        HandshakeVerdict.Unavailable => "the node that was dialled is stopping or has failed",
        HandshakeVerdict.NotAuthenticated => "the secret or the certificate of a node is not accepted",
        HandshakeVerdict.SecondProcess => "another process runs with a copy of the data directory, and was started first",
        HandshakeVerdict.TooOld => "the version of a node does not support the feature level of the cluster",
        HandshakeVerdict.RolledBack => "a data directory is older than what the other node has seen of it",
        _ => $"verdict {(byte)verdict}, which this version does not know",
    };
}
