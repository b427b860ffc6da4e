namespace RaftKv.Embedded.Http;

/// <summary>Why a node does not serve, as a stable code and in words.</summary>
internal readonly record struct Readiness(string Code, string Text)
{
    /// <summary>
    /// Whether a restart of the process may help: a faulted replica takes part again only after one. Everything else, a lost quorum above
    /// all, mends without a restart, or is made worse by it.
    /// </summary>
    public static bool IsAlive(RaftKvStatus status) => status.Role != RaftKvRole.Faulted;

    /// <returns><c>null</c> when the node serves linearizable reads and writes.</returns>
    public static Readiness? Of(RaftKvStatus status) => status.Role switch
    {
        RaftKvRole.Faulted => new("faulted", $"This node stopped taking part: {status.Fault ?? "its disk failed or an invariant broke."}"),
        RaftKvRole.Removed => new("removed", "This node was removed from its cluster."),
        RaftKvRole.Stopped => new("stopped", "This node has stopped."),
        _ when status.IsReady => null,
        RaftKvRole.Unformed => new("not_formed", $"This node has no cluster yet. {status.WaitsFor ?? "It waits to be added, or for the first start of its peers."}"),
        _ when status.RolledBack is { } rolledBack => new("rolled_back", rolledBack),
        _ when status.LeaderId is null => new("no_leader", "This node knows no leader: the cluster has lost its quorum, elects, or cannot be reached."),
        _ => new("not_ready", "This node has not caught up with its leader since it started, or is stopping."),
    };
}
