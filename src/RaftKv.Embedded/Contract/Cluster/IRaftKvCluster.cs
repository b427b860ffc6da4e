namespace RaftKv.Embedded;

/// <summary>The cluster as this node sees it, and the calls of an operator. Any node takes any call.</summary>
/// <remarks>
/// An implementation of your own, for example a fake for a test, needs <see cref="Status"/>,
/// <see cref="AddMemberAsync(string, string, RaftKvMemberRole, CancellationToken)"/>, <see cref="RemoveMemberAsync"/>,
/// <see cref="TransferLeadershipAsync"/>, <see cref="TakeSnapshotAsync"/> and <see cref="BackupAsync"/>. The other members have an
/// implementation on top of these, which the product overrides.
/// </remarks>
public interface IRaftKvCluster
{
    /// <summary>This node's view now. Cheap: a snapshot taken by the replica a moment ago.</summary>
    RaftKvStatus Status { get; }

    /// <summary>Yields the status now and after each change of role, term, leader or members, until cancelled or the host stops.</summary>
    IAsyncEnumerable<RaftKvStatus> WatchStatusAsync(CancellationToken cancellationToken = default) =>
        StatusPolling.WatchAsync(this, cancellationToken);

    /// <summary>
    /// Completes once this node serves linearizable reads and writes (<see cref="RaftKvStatus.IsReady"/>): it is open and formed, in the
    /// role it was configured for, knows a leader, and has applied everything that was committed at some moment after its start. A rolling
    /// replacement waits for it before each next step. Waits for as long as that takes.
    /// </summary>
    /// <exception cref="RaftKvUnavailableException">This node is faulted, removed or stopping: it will not become ready.</exception>
    Task WaitUntilReadyAsync(CancellationToken cancellationToken = default) =>
        StatusPolling.WaitUntilReadyAsync(this, cancellationToken);

    /// <summary>
    /// Adds a node as a learner and, once it has caught up, makes it a voter. Completes when it votes. The node must be running, reachable
    /// and without a history of its own. Adding a node that is a member already, at the same address, completes at once. The call lasts as
    /// long as the node makes progress, and ends when there was none for 10 s.
    /// </summary>
    /// <exception cref="ArgumentException">The node id or the address is not valid. Nothing was changed.</exception>
    /// <exception cref="RaftKvMembershipException">
    /// Refused; the members are as before, or the node stays a learner (<see cref="RaftKvMembershipError.NotCaughtUp"/>).
    /// </exception>
    /// <exception cref="RaftKvUnavailableException">No leader or quorum in time; nothing was changed.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// The leader was lost, or did not answer in time: the change may have been made, or may still be. The same call again is safe.
    /// </exception>
    Task AddMemberAsync(string nodeId, string address, CancellationToken cancellationToken = default) =>
        AddMemberAsync(nodeId, address, RaftKvMemberRole.Voter, cancellationToken);

    /// <summary>
    /// As <see cref="AddMemberAsync(string, string, CancellationToken)"/>, with the role of the new member. For a
    /// <see cref="RaftKvMemberRole.Learner"/> the call completes when the change is committed; the learner may still have to catch up.
    /// </summary>
    /// <exception cref="ArgumentException">The node id or the address is not valid. Nothing was changed.</exception>
    /// <exception cref="RaftKvMembershipException">Refused; the members are as before, or the node stays a learner.</exception>
    /// <exception cref="RaftKvUnavailableException">No leader or quorum in time; nothing was changed.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// The leader was lost, or did not answer in time: the change may have been made, or may still be. The same call again is safe.
    /// </exception>
    Task AddMemberAsync(string nodeId, string address, RaftKvMemberRole role, CancellationToken cancellationToken = default);

    /// <summary>
    /// Replaces a member, dead or alive, by a new node: adds the new node, waits until it has caught up, and then removes the old one. When
    /// the call fails under way, the same call again continues where it stopped.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A node id or the address is not valid, or both ids are the same. Nothing was changed.
    /// </exception>
    /// <exception cref="RaftKvMembershipException">Refused; the new node may be a member already, the old one still is.</exception>
    /// <exception cref="RaftKvUnavailableException">No leader or quorum in time; nothing was changed.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// The leader was lost, or did not answer in time: the change may have been made, or may still be. The same call again is safe.
    /// </exception>
    async Task ReplaceMemberAsync(string oldNodeId, string newNodeId, string newAddress, CancellationToken cancellationToken = default)
    {
        await AddMemberAsync(newNodeId, newAddress, cancellationToken).ConfigureAwait(false);
        await RemoveMemberAsync(oldNodeId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Removes a node, dead or alive, or the leader itself. Completes when the removal is committed. The call ends within the sum of
    /// <see cref="RaftKvOptions.RequestTimeout"/>, <see cref="RaftKvOptions.HandOverTimeout"/>, four election timeouts and five seconds.
    /// </summary>
    /// <exception cref="ArgumentException">The node id is not valid. Nothing was changed.</exception>
    /// <exception cref="RaftKvMembershipException">Refused; the members are as before.</exception>
    /// <exception cref="RaftKvUnavailableException">No leader or quorum in time; nothing was changed.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// The leader was lost, or did not answer in time: the change may have been made, or may still be. The same call again is safe.
    /// </exception>
    Task RemoveMemberAsync(string nodeId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Transfers the leadership to <paramref name="toNodeId"/>, or to the most advanced voter when it is <c>null</c>. Completes when this
    /// node knows the new leader.
    /// </summary>
    /// <exception cref="ArgumentException">The node id is not valid.</exception>
    /// <exception cref="RaftKvMembershipException">
    /// Refused, and the old leader still leads; or the successor did not take over in time
    /// (<see cref="RaftKvMembershipError.TransferTimedOut"/>).
    /// </exception>
    /// <exception cref="RaftKvUnavailableException">No leader or quorum in time; nothing was changed.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">The leader was lost, or did not answer in time: another node may lead.</exception>
    Task TransferLeadershipAsync(string? toNodeId = null, CancellationToken cancellationToken = default);

    /// <summary>Writes a snapshot of this node's store and truncates its log up to the snapshot. Writes continue meanwhile.</summary>
    /// <returns>The version the snapshot is exact at.</returns>
    /// <exception cref="RaftKvStorageException">The snapshot could not be written; the log is kept.</exception>
    Task<KvVersion> TakeSnapshotAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes a consistent backup of all keys, as of one version, to <paramref name="destination"/>. It is verified while it is written,
    /// and written as fast as the stream accepts it; memory stays bounded and writes continue. Any node can do it, also without a leader.
    /// The backup is a finished snapshot of this node if one is new enough, otherwise a new snapshot. Restore it with
    /// <see cref="Recovery.RaftKvBackup.RestoreAsync"/> or <see cref="RaftKvOptions.RestoreFrom"/>.
    /// </summary>
    /// <param name="destination">Where the backup goes; flushed, not closed.</param>
    /// <param name="minVersion">
    /// The backup has at least this version. By default it has everything this node has applied when the call begins; a lower version, such
    /// as 0, allows an older snapshot, so that no new one is written. To have everything that was acknowledged anywhere, pass
    /// <see cref="KvGetResult.ReadAt"/> of a linearizable read.
    /// </param>
    /// <param name="cancellationToken">Ends the call; what was written is then an incomplete backup that no restore accepts.</param>
    /// <returns>What the backup holds, and the version it is exact at.</returns>
    /// <exception cref="ArgumentException">The stream cannot be written to.</exception>
    /// <exception cref="RaftKvStorageException">
    /// The snapshot could not be written, or is damaged; what was written is then an incomplete backup that no restore accepts.
    /// </exception>
    /// <exception cref="RaftKvUnavailableException">
    /// This node belongs to no cluster, has not reached <paramref name="minVersion"/> in time, or is stopping or faulted.
    /// </exception>
    Task<RaftKvBackupInfo> BackupAsync(Stream destination, KvVersion? minVersion = null, CancellationToken cancellationToken = default);
}
