using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>One comparison of all copies at one entry, on the leader.</summary>
internal sealed class CopyComparison(long index)
{
    private readonly Dictionary<string, ulong> _answers = [];

    public long Index => index;

    /// <summary>All voters have answered, and no group of equal copies is a majority: it is not known which copy is right.</summary>
    public bool IsUndecided { get; private set; }

    /// <summary>Every member has answered, and all copies are equal.</summary>
    public bool IsVerified { get; private set; }

    /// <summary>Takes an answer. Returns the members whose copy differs from that of more than half of the voters.</summary>
    public IReadOnlyList<string> Take(string nodeId, ulong fingerprint, ClusterConfiguration configuration)
    {
        _answers[nodeId] = fingerprint;
        var voters = _answers.Where(a => configuration.IsVoter(a.Key)).GroupBy(a => a.Value).OrderByDescending(g => g.Count()).ToArray();
        if (voters is not [var largest, ..])
            return [];
        if (largest.Count() < configuration.Quorum)
        {
            IsUndecided = voters.Sum(g => g.Count()) == configuration.VoterCount;
            return [];
        }
        var differ = _answers.Where(a => a.Value != largest.Key).Select(a => a.Key).ToArray();
        IsVerified = differ.Length == 0 && configuration.Members.All(m => _answers.ContainsKey(m.NodeId));
        return differ;
    }

    /// <summary>
    /// The member was told that its copy differs: its answer does not count any more. A copy that was replaced may have no fingerprint of
    /// this entry, and must not be judged by the old one when another member answers again.
    /// </summary>
    public void Forget(string nodeId) => _answers.Remove(nodeId);
}
