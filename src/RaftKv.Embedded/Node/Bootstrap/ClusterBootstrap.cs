using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>
/// How a node without a cluster gets one: it bootstraps a cluster, or is adopted by one, whichever comes first, and never both. The
/// decision is durable before another node learns it.
/// </summary>
internal sealed class ClusterBootstrap(LocalIdentity identity, Wal wal, ReplicaClock clock)
{
    private readonly Lock _gate = new();

    /// <summary>
    /// Bootstraps a cluster of these members under a new id: one configuration entry, at index 1 of term 1, or of a later term if the node
    /// has voted in a cluster that it gave up. <c>null</c> when the node has been adopted by a cluster meanwhile.
    /// </summary>
    /// <param name="members">The members.</param>
    /// <param name="featureLevel">The feature level that all of them speak.</param>
    /// <param name="limits">The limits that all of them allow; used from <see cref="FeatureLevels.Safeguards"/> on.</param>
    public RaftStart? TryBootstrap(IReadOnlyList<Member> members, int featureLevel = FeatureLevels.First, ClusterLimits? limits = null)
    {
        lock (_gate)
        {
            if (identity.ClusterId != Guid.Empty)
                return null;
            var term = wal.Term + 1;
            var entry = new LogEntry(term, 1, clock.Now.UnixMs, EntryKind.Configuration,
                new ClusterConfiguration(members, featureLevel, featureLevel >= FeatureLevels.Safeguards ? limits : null).Encode());
            wal.SaveVote(term, identity.NodeId);
            wal.Append([entry]);
            wal.Commit();
            // The id is written last: a node that died before that finds its entry at the next start and completes the bootstrap.
            identity.Found();
            return new RaftStart
            {
                Term = term,
                VotedFor = identity.NodeId,
                TermStarts = [entry.Id],
                LastIndex = 1,
                LastTimeMs = entry.TimeMs,
                Configurations = [entry],
                Tail = [entry],
            };
        }
    }

    /// <summary>Gives the directory another identity, because it has gone back in time; durable when it returns.</summary>
    public void Reincarnate()
    {
        lock (_gate)
            identity.Reincarnate();
    }

    /// <summary>
    /// Takes the node into a cluster. <c>false</c> when it has another one. <paramref name="start"/> is <c>null</c> unless the cluster is
    /// new to the node.
    /// </summary>
    public bool TryAdopt(Guid clusterId, out RaftStart? start)
    {
        lock (_gate)
        {
            start = null;
            if (identity.ClusterId == Guid.Empty)
            {
                identity.Join(clusterId);
                // The log keeps the term of a cluster that was given up, and terms never decrease in it.
                start = new RaftStart { Term = wal.Term, VotedFor = wal.VotedFor };
            }
            return identity.ClusterId == clusterId;
        }
    }

    /// <summary>Gives up a cluster of which the node has no entry. Only while no core runs, or by the turn that ends it.</summary>
    public void Forget()
    {
        lock (_gate)
            identity.Forget();
    }
}
