using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>The greatest value that a quorum of the voters has reached.</summary>
internal sealed class QuorumIndex(ReplicaState replica, PeerSet peers)
{
    private long[] _values = new long[8];

    /// <param name="value">What is compared.</param>
    /// <param name="own">The value of this node. It counts if this node is a voter.</param>
    public long Of(VoterValue value, long own)
    {
        var configuration = replica.Configuration;
        if (_values.Length < configuration.VoterCount)
            _values = new long[configuration.VoterCount];
        var count = 0;
        if (replica.IsVoter)
            _values[count++] = own;
        foreach (var peer in peers)
        {
            if (peer.IsVoter)
                _values[count++] = ValueOf(peer, value);
        }
        Invariant.Holds(count == configuration.VoterCount, "every voter is counted once");
        var values = _values.AsSpan(0, count);
        values.Sort();
        return values[^configuration.Quorum];
    }

    private static long ValueOf(Progress peer, VoterValue value) => value switch
    {
        VoterValue.Match => peer.Match,
        VoterValue.Round => peer.Round,
        _ => peer.Contact.HeardAt,
    };
}
