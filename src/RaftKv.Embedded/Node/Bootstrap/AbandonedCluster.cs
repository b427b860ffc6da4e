using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Decides when a node gives up a cluster that adopted it and of which it has no entry: the disk of the bootstrapping node was lost before
/// it had sent the first one. The other initial members must all answer, none with a cluster that has an entry, for <see cref="Timeout"/>.
/// A node that gives up takes a new incarnation, so that the rest of the cluster, if there is any, treats it as a node with a replaced
/// disk.
/// </summary>
internal sealed class AbandonedCluster(RaftKvOptions options, ReplicaClock clock)
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private Guid _cluster;
    private long _since;

    /// <summary>To be asked once a round, while no leader is known.</summary>
    public bool IsCertain(PeerHello self, BootstrapSurvey survey)
    {
        if (!self.HoldsNothing || BootstrapMode.Of(options) != RaftKvBootstrap.InitialMembers
            || survey.Missing.Count + survey.Mistakes.Count > 0
            || survey.Answers.Values.Any(a => a.ClusterId != Guid.Empty && !a.HoldsNothing))
        {
            _cluster = Guid.Empty;
            return false;
        }
        if (_cluster != self.ClusterId)
            (_cluster, _since) = (self.ClusterId, clock.Ticks);
        return clock.Ticks - _since >= Timeout.Ticks;
    }
}
