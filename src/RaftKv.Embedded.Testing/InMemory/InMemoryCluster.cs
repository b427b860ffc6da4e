using System.Runtime.CompilerServices;
using RaftKv.Embedded.Client;

namespace RaftKv.Embedded.Testing;

/// <summary>The cluster of one node, with the failures that a test has ordered.</summary>
internal sealed class InMemoryCluster(RaftKvCluster cluster, InMemoryReplica replica, RaftKvOptions options) : IRaftKvCluster
{
    public RaftKvStatus Status => replica.Faults.Lasting switch
    {
        null => cluster.Status,
        RaftKvUnavailableReason.NoLeader => Without(RaftKvReadiness.NoLeader) with { LeaderId = null, Role = RaftKvRole.Follower },
        RaftKvUnavailableReason.NoQuorum => Without(RaftKvReadiness.NoQuorum),
        RaftKvUnavailableReason.NoSpace => cluster.Status with { IsDiskFull = true },
        RaftKvUnavailableReason.Removed => Without(RaftKvReadiness.Removed) with { LeaderId = null, Role = RaftKvRole.Removed },
        RaftKvUnavailableReason.Faulted =>
            Without(RaftKvReadiness.Faulted) with { Role = RaftKvRole.Faulted, Fault = "A test has made it fail." },
        RaftKvUnavailableReason.Quarantined => Without(RaftKvReadiness.Quarantined),
        RaftKvUnavailableReason.Stopping => Without(RaftKvReadiness.Stopping),
        _ => Without(RaftKvReadiness.CatchingUp),
    };

    public async IAsyncEnumerable<RaftKvStatus> WatchStatusAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (!replica.HasEnded)
        {
            // Taken before the status is read: a change in between completes it.
            var changed = Task.WhenAny(replica.Replica.Changed, replica.Faults.Changed);
            yield return Status;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task WaitUntilReadyAsync(CancellationToken cancellationToken = default) => cluster.WaitUntilReadyAsync(cancellationToken);

    public Task AddMemberAsync(string nodeId, string address, CancellationToken cancellationToken = default) =>
        Ask(() => cluster.AddMemberAsync(nodeId, address, cancellationToken));

    public Task AddMemberAsync(string nodeId, string address, RaftKvMemberRole role, CancellationToken cancellationToken = default) =>
        Ask(() => cluster.AddMemberAsync(nodeId, address, role, cancellationToken));

    public Task ReplaceMemberAsync(string oldNodeId, string newNodeId, string newAddress, CancellationToken cancellationToken = default) =>
        Ask(() => cluster.ReplaceMemberAsync(oldNodeId, newNodeId, newAddress, cancellationToken));

    public Task RemoveMemberAsync(string nodeId, CancellationToken cancellationToken = default) =>
        Ask(() => cluster.RemoveMemberAsync(nodeId, cancellationToken));

    public Task TransferLeadershipAsync(string? toNodeId = null, CancellationToken cancellationToken = default) =>
        Ask(() => cluster.TransferLeadershipAsync(toNodeId, cancellationToken));

    public Task<KvVersion> TakeSnapshotAsync(CancellationToken cancellationToken = default) => cluster.TakeSnapshotAsync(cancellationToken);

    public Task<RaftKvBackupInfo> BackupAsync(
        Stream destination, KvVersion? minVersion = null, CancellationToken cancellationToken = default) =>
        cluster.BackupAsync(destination, minVersion, cancellationToken);

    private Task Ask(Func<Task> call) =>
        replica.Faults.Lasting is { } reason ? Task.FromException(InMemoryErrors.Of(reason, options)) : call();

    private RaftKvStatus Without(RaftKvReadiness readiness) => cluster.Status with { IsReady = false, Readiness = readiness };
}
