using System.Globalization;

namespace RaftKv.Embedded.Hosting;

/// <summary>Why a node does not serve, as a stable code and as text.</summary>
internal readonly record struct Readiness(string Code, string Text)
{
    /// <summary>
    /// Whether the process need not be restarted. A faulted replica takes part again only after a restart. All other conditions, above all
    /// a lost quorum, end without a restart, or a restart makes them worse.
    /// </summary>
    public static bool IsAlive(RaftKvStatus status) => status.Role != RaftKvRole.Faulted;

    /// <returns><c>null</c> when the node serves linearizable reads and writes.</returns>
    public static Readiness? Of(RaftKvStatus status) => status.Role switch
    {
        RaftKvRole.Faulted => new("faulted", $"This node stopped taking part: {status.Fault ?? "its disk failed or an invariant broke."}"),
        RaftKvRole.Removed => new("removed", "This node was removed from its cluster."),
        RaftKvRole.Opening => new("opening", "This node is still opening its data."),
        RaftKvRole.Stopped => new("stopped", "This node has stopped."),
        _ when status.IsReady => null,
        _ when status.Readiness == RaftKvReadiness.Stalled =>
            new("stalled", $"This node makes no progress: {Stall(status) ?? "its disk does not respond."}"),
        _ when status.Readiness == RaftKvReadiness.Joining => new("joining",
            "This node does not have its role yet: it was not promoted to a voter yet, or it is in no committed configuration that it "
                + "knows. Wait before you stop or remove another node."),
        RaftKvRole.Unformed =>
            new("not_formed",
                $"This node has no cluster yet. {status.WaitsFor ?? "It waits to be added, or for the first start of its peers."}"),
        _ when status.RolledBack is { } rolledBack => new("rolled_back", rolledBack),
        _ when status.LeaderId is null =>
            new("no_leader", "This node knows no leader: the cluster has lost its quorum, is holding an election, or cannot be reached."),
        _ when status.Readiness == RaftKvReadiness.NoQuorum => new("no_quorum",
            "This node leads, but no quorum has answered it recently, or it has not committed an entry of its own term yet."),
        _ => new("not_ready", status.Readiness switch
        {
            RaftKvReadiness.CatchingUp => "This node has not applied yet what was committed when it started, or later.",
            RaftKvReadiness.Quarantined => $"This node's copy is being replaced: {status.Quarantine}",
            RaftKvReadiness.DiskFull => "This node's storage (disk, or memory budget with Durability.Memory) has no room for the "
                + "entries that the leader sends.",
            RaftKvReadiness.Stopping => "This node is stopping.",
            _ => "This node has not caught up with its leader since it started, or is stopping.",
        }),
    };

    /// <summary>The longest ongoing stall, as text; <c>null</c> when there is none.</summary>
    public static string? Stall(RaftKvStatus status) => status.Stalls.Where(s => s.IsOngoing).MaxBy(s => s.Duration) is { } stall
        ? string.Create(CultureInfo.InvariantCulture, $"{stall.Detail} for {stall.Duration.TotalSeconds:0.0} s so far ({stall.Cause}).")
        : null;
}
