using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>A peer that the configuration in force no longer has. It is fed until it knows that its removal is committed.</summary>
/// <param name="configurationIndex">The index of the configuration that removed the peer.</param>
internal sealed class RemovalNotice(long configurationIndex)
{
    public long ConfigurationIndex { get; } = configurationIndex;

    /// <summary>A peer that has answered this round knows that its removal is committed; 0 while the removal is not committed.</summary>
    public long Round { get; private set; }

    /// <summary>When the leader stops telling the peer, in ticks.</summary>
    public long Deadline { get; private set; } = Moment.Never;

    /// <summary>The removal is committed.</summary>
    public void Begin(long round, long deadline) => (Round, Deadline) = (round, deadline);
}
