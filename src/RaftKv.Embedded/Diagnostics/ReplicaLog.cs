using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>The log messages of a replica. The event ids are stable; keys and values of users never appear.</summary>
internal static partial class ReplicaLog
{
    [LoggerMessage(100, LogLevel.Information, "{NodeId}, RaftKv.Embedded {Version}, listens for peers on {ListenEndPoint}, advertised "
        + "as {Address}; data in {DataDirectory}; cluster: {Cluster}.")]
    public static partial void Started(this ILogger logger, string nodeId, string version, string listenEndPoint, string address,
        string dataDirectory, string cluster);

    [LoggerMessage(101, LogLevel.Information, "{NodeId} recovered: snapshot up to entry {Snapshot}, log from {First} to {Last}, "
        + "term {Term}.")]
    public static partial void Recovered(this ILogger logger, string nodeId, long snapshot, long first, long last, long term);

    [LoggerMessage(102, LogLevel.Information, "{NodeId} bootstrapped the cluster {ClusterId} with {Members} members.")]
    public static partial void BootstrapFinished(this ILogger logger, string nodeId, Guid clusterId, int members);

    [LoggerMessage(103, LogLevel.Information, "{NodeId} has no cluster yet and waits. {Reason}")]
    public static partial void WaitsForMember(this ILogger logger, string nodeId, string reason);

    [LoggerMessage(107, LogLevel.Warning, "{NodeId} has no cluster and will not get one before this is corrected. {Reason}")]
    public static partial void CannotBootstrap(this ILogger logger, string nodeId, string reason);

    [LoggerMessage(108, LogLevel.Warning, "{NodeId} is the only member of the cluster {ClusterId}, which it has just bootstrapped: no "
        + "other node has its data. "
        + "If it was to join another cluster, stop it, empty its data directory, and set Seeds or InitialMembers.")]
    public static partial void BootstrappedAlone(this ILogger logger, string nodeId, Guid clusterId);

    /// <summary>Logs a bootstrap; that of a single node is also logged as a warning.</summary>
    public static void ClusterBootstrapped(this ILogger logger, string nodeId, Guid clusterId, int members)
    {
        logger.BootstrapFinished(nodeId, clusterId, members);
        if (members == 1)
            logger.BootstrappedAlone(nodeId, clusterId);
    }

    [LoggerMessage(104, LogLevel.Warning, "{NodeId}: the disk failed in the last run. The active segment of the log was "
        + "written again and synced.")]
    public static partial void LogRewritten(this ILogger logger, string nodeId);

    [LoggerMessage(105, LogLevel.Information,
        "{NodeId}: a write to the log was interrupted in the last run; the {Bytes} bytes after the last whole commit were removed.")]
    public static partial void LogEndRemoved(this ILogger logger, string nodeId, long bytes);

    [LoggerMessage(106, LogLevel.Information, "{NodeId} restored a backup of {Keys} keys at version {Version} of cluster {OldCluster} "
        + "into the new cluster {NewCluster}; new versions are above {Base}.")]
    public static partial void Restored(this ILogger logger, string nodeId, long keys, long version, Guid oldCluster, Guid newCluster,
        long @base);

    [LoggerMessage(109, LogLevel.Error, "{NodeId} did not restore {Backup}: {Member} of the living cluster {ClusterId} counts this "
        + "node among its members, so its disk was replaced. "
        + "It waits until that cluster admits it. Remove RestoreFrom.")]
    public static partial void RestoreDeclined(this ILogger logger, string nodeId, string backup, string member, Guid clusterId);

    [LoggerMessage(136, LogLevel.Warning, "{NodeId} leaves the cluster {ClusterId}: this node has no entry of that cluster, and "
        + "no other initial member has one. It waits for a new cluster under a new incarnation.")]
    public static partial void ClusterAbandoned(this ILogger logger, string nodeId, Guid clusterId);

    [LoggerMessage(118, LogLevel.Warning, "{NodeId} has a cluster, and RestoreFrom still names {Backup}. Remove the option: it is for "
        + "the first start of a new cluster only.")]
    public static partial void RestoreStillConfigured(this ILogger logger, string nodeId, string backup);

    [LoggerMessage(119, LogLevel.Warning, "{NodeId} could not record in {Receipt} that the backup was restored: {Reason} Remove "
        + "RestoreFrom, or a replaced disk may lead to a second restore.")]
    public static partial void RestoreNotNoted(this ILogger logger, string nodeId, string receipt, string reason);

    [LoggerMessage(110, LogLevel.Information, "{NodeId} is {Role} in term {Term}, led by {Leader}: {Cause}.")]
    public static partial void RoleChanged(this ILogger logger, string nodeId, string role, long term, string leader, string cause);

    [LoggerMessage(111, LogLevel.Information, "{NodeId} uses the configuration of entry {Index}: {Members}.")]
    public static partial void ConfigurationChanged(this ILogger logger, string nodeId, long index, string members);

    [LoggerMessage(112, LogLevel.Warning, "{NodeId} cannot add {Member}: {Address} does not answer: {Reason}")]
    public static partial void ProbeFailed(this ILogger logger, string nodeId, string member, string address, string reason);

    [LoggerMessage(113, LogLevel.Information, "{NodeId} admits {Member} at {Address}, which asked to join.")]
    public static partial void JoinRequestReceived(this ILogger logger, string nodeId, string member, string address);

    [LoggerMessage(114, LogLevel.Warning, "{NodeId}: the node at {Address} has the name of the member {Member} and an empty data "
        + "directory, {Incarnation} instead of {Known}. Once {Known} has been silent for {Seconds} s and a quorum answers without it, "
        + "the new directory takes its place as a learner; votes of the old one no longer count. If {Known} is heard before, "
        + "nothing changes.")]
    public static partial void DiskReplaced(this ILogger logger, string nodeId, string member, string address, Guid incarnation,
        Guid known, double seconds);

    [LoggerMessage(115, LogLevel.Warning, "{NodeId} could not admit {Member} for now: {Reason}")]
    public static partial void JoinRequestRefused(this ILogger logger, string nodeId, string member, string reason);

    [LoggerMessage(116, LogLevel.Information, "{NodeId} asks the cluster {ClusterId} at {Address} to admit it.")]
    public static partial void JoinRequestSent(this ILogger logger, string nodeId, Guid clusterId, string address);

    [LoggerMessage(117, LogLevel.Information, "{NodeId}: every member supports feature level {Level}, which may be used from now on.")]
    public static partial void FeatureLevelRaised(this ILogger logger, string nodeId, int level);

    [LoggerMessage(170, LogLevel.Error, "{NodeId}: {Member} acknowledged entries up to {Acknowledged} and now has none behind {Last}: "
        + "its data directory is older than what it "
        + "acknowledged (an image was restored, or a disk lost synced writes). It counts for no quorum. As soon as a quorum is in "
        + "contact without it, it loses its vote and is brought up to date as a learner; until then bring the other members back.")]
    public static partial void EntriesLost(this ILogger logger, string nodeId, string member, long acknowledged, long last);

    [LoggerMessage(171, LogLevel.Error, "{NodeId}: the data directory of {Member} is older than what this node has seen of it: an "
        + "image was restored, or a volume was rolled back. {Member} is "
        + "refused and counts for no quorum. While a quorum is in contact without it, the leader admits it again; otherwise bring "
        + "the other members back.")]
    public static partial void RolledBackMember(this ILogger logger, string nodeId, string member);

    [LoggerMessage(172, LogLevel.Error, "{NodeId}: this node's data directory is older than what {Peer} has seen of it: an image was "
        + "restored, or a volume was rolled back. This node gives no vote and "
        + "acknowledges nothing until the cluster has admitted it again, which needs a quorum of the other members.")]
    public static partial void RolledBack(this ILogger logger, string nodeId, string peer);

    [LoggerMessage(173, LogLevel.Warning, "{NodeId}: this node's data directory has the new identity {Incarnation}, because it went "
        + "back in time. It keeps its data and waits until the leader admits it as a learner.")]
    public static partial void Reincarnated(this ILogger logger, string nodeId, Guid incarnation);

    [LoggerMessage(174, LogLevel.Warning, "{NodeId}: the data directory of the member {Member} at {Address} went back in time and has "
        + "a new identity. Once the old identity has been silent for {Seconds} s "
        + "and a quorum answers without it, the member is admitted again as a learner; votes of the old identity are ignored.")]
    public static partial void RolledBackMemberJoins(this ILogger logger, string nodeId, string member, string address, double seconds);

    [LoggerMessage(175, LogLevel.Information, "{NodeId}: the cluster has admitted this node again after its data "
        + "directory went back in time.")]
    public static partial void AdmittedAgain(this ILogger logger, string nodeId);

    [LoggerMessage(185, LogLevel.Information, "{NodeId}: the cluster's limits are MaxKeyBytes {Key}, MaxValueBytes {Value}, "
        + "MaxTransactionBytes {Transaction}. They rise when every member's options allow more.")]
    public static partial void LimitsChanged(this ILogger logger, string nodeId, int key, int value, int transaction);

    [LoggerMessage(186, LogLevel.Warning, "{NodeId}: this node's options allow less than the cluster's limits: MaxKeyBytes {Key}, "
        + "MaxValueBytes {Value}, MaxTransactionBytes {Transaction}. The cluster's limits hold on this node too. Set the options of "
        + "all nodes alike.")]
    public static partial void LimitsBelowCluster(this ILogger logger, string nodeId, int key, int value, int transaction);

    [LoggerMessage(120, LogLevel.Information, "{NodeId} took a snapshot at entry {Index} of term {Term}.")]
    public static partial void SnapshotTaken(this ILogger logger, string nodeId, long index, long term);

    [LoggerMessage(121, LogLevel.Warning, "{NodeId} could not take a snapshot at entry {Index}; the log is kept and nothing is "
        + "lost: {Reason}")]
    public static partial void SnapshotFailed(this ILogger logger, string nodeId, long index, string reason);

    [LoggerMessage(122, LogLevel.Information, "{NodeId} installed the snapshot at entry {Index} that {From} sent.")]
    public static partial void SnapshotInstalled(this ILogger logger, string nodeId, long index, string from);

    [LoggerMessage(176, LogLevel.Warning, "{NodeId}: {Peer} is in contact and needs the log from entry {Needed} on; the log is cut "
        + "before entry {KeptFrom}, because it would take more than a quarter of the free disk. {Peer} receives a newer snapshot. Its "
        + "link delivers less than is written: give it more bandwidth, or write less.")]
    public static partial void FollowerLeftBehind(this ILogger logger, string nodeId, string peer, long needed, long keptFrom);

    [LoggerMessage(123, LogLevel.Warning, "{NodeId} refused the snapshot at entry {Index} that {From} sent, and asks for it "
        + "again: {Reason}")]
    public static partial void SnapshotRefused(this ILogger logger, string nodeId, long index, string from, string reason);

    [LoggerMessage(124, LogLevel.Error, "A snapshot is damaged and was set aside. At a start, an older one is used if the log "
        + "continues it; a running node takes another one: {Reason}")]
    public static partial void SnapshotSetAside(this ILogger logger, string reason);

    [LoggerMessage(125, LogLevel.Critical, "{NodeId}: the copy of {Member} at entry {Index} differs from the majority's.")]
    public static partial void CopyDiffers(this ILogger logger, string nodeId, string member, long index);

    [LoggerMessage(126, LogLevel.Critical, "{NodeId}: the members' copies at entry {Index} differ, and no majority says which is "
        + "right. Compare them, and restore what is right from a backup.")]
    public static partial void CopiesUndecided(this ILogger logger, string nodeId, long index);

    [LoggerMessage(127, LogLevel.Critical, "{NodeId} refuses all calls: its copy at entry {Index} differs from the majority's and is "
        + "replaced by a snapshot of the leader.")]
    public static partial void Quarantined(this ILogger logger, string nodeId, long index);

    [LoggerMessage(128, LogLevel.Information, "{NodeId} accepts calls again: its copy was replaced by the snapshot at entry {Index} "
        + "and its log.")]
    public static partial void CopyReplaced(this ILogger logger, string nodeId, long index);

    [LoggerMessage(133, LogLevel.Warning, "{NodeId}: the storage (disk, or memory budget with Durability.Memory) has {FreeBytes} bytes "
        + "left; a snapshot is taken so that the log can be truncated.")]
    public static partial void DiskLow(this ILogger logger, string nodeId, long freeBytes);

    [LoggerMessage(134, LogLevel.Error, "{NodeId}: the storage (disk, or memory budget with Durability.Memory) has {FreeBytes} bytes "
        + "left, less than the reserve of {Reserve}. Writes that add data are refused while the leader or a quorum lacks room.")]
    public static partial void DiskFull(this ILogger logger, string nodeId, long freeBytes, long reserve);

    [LoggerMessage(135, LogLevel.Information, "{NodeId}: the storage has room again, {FreeBytes} bytes; all writes are taken.")]
    public static partial void DiskHasRoom(this ILogger logger, string nodeId, long freeBytes);

    [LoggerMessage(190, LogLevel.Warning, "{NodeId}: the wall clock of {Member} differs by {Milliseconds} ms from the median of the "
        + "voters' clocks. Absolute times that are given on that node are off by as much; set its clock (NTP).")]
    public static partial void ClockDiffers(this ILogger logger, string nodeId, string member, long milliseconds);

    [LoggerMessage(191, LogLevel.Information, "{NodeId}: the wall clock of {Member} agrees with the median of the voters' clocks again.")]
    public static partial void ClockAgrees(this ILogger logger, string nodeId, string member);

    [LoggerMessage(192, LogLevel.Warning, "{NodeId}: log time is {Seconds} s ahead of the clock: the cluster ran with a clock that "
        + "was ahead. Keys with a time to live that were written before then may have expired early. Times given from now on hold; "
        + "nothing has to be done if the clock is right now.")]
    public static partial void LogTimeAhead(this ILogger logger, string nodeId, long seconds);

    [LoggerMessage(138, LogLevel.Error, "{NodeId} refuses writes that add data: {Members} have too little room in their storage "
        + "(disk, or memory budget with Durability.Memory). Deletes and reads go on. Delete keys, free some space, or give these nodes "
        + "larger volumes or memory budgets.")]
    public static partial void DataWritesRefused(this ILogger logger, string nodeId, string members);

    [LoggerMessage(139, LogLevel.Information, "{NodeId} takes all writes again: a quorum has room in its storage.")]
    public static partial void DataWritesAccepted(this ILogger logger, string nodeId);

    [LoggerMessage(142, LogLevel.Information, "{NodeId} is ready {Milliseconds} ms after its start: {State}.")]
    public static partial void Ready(this ILogger logger, string nodeId, long milliseconds, string state);

    [LoggerMessage(145, LogLevel.Warning, "{NodeId} has no leader, and has heard of none for {Seconds} s: {Detail}. Writes and "
        + "linearizable reads fail until more than half of the voters run and reach each other; stale reads are served.")]
    public static partial void NoLeader(this ILogger logger, string nodeId, long seconds, string detail);

    [LoggerMessage(146, LogLevel.Information, "{NodeId} has a leader again, after {Seconds} s.")]
    public static partial void LeaderKnownAgain(this ILogger logger, string nodeId, long seconds);

    [LoggerMessage(160, LogLevel.Information, "{NodeId} was held up for less than a second (logged at most once a minute): "
        + "{Causes}.")]
    public static partial void ShortStalls(this ILogger logger, string nodeId, string causes);

    [LoggerMessage(161, LogLevel.Warning, "{NodeId} is held up by {Cause}, for {Seconds} s so far: {Detail}.")]
    public static partial void StallLasts(this ILogger logger, string nodeId, RaftKvStallCause cause, long seconds, string detail);

    [LoggerMessage(162, LogLevel.Warning, "{NodeId} was held up by {Cause} for {Milliseconds} ms and goes on: {Detail}.")]
    public static partial void StallEnded(this ILogger logger, string nodeId, RaftKvStallCause cause, long milliseconds, string detail);

    [LoggerMessage(130, LogLevel.Critical, "{NodeId} stops taking part and keeps its data: {Reason}")]
    public static partial void Faulted(this ILogger logger, Exception error, string nodeId, string reason);

    [LoggerMessage(131, LogLevel.Warning, "{NodeId} stopped before everything was finished.")]
    public static partial void StopIncomplete(this ILogger logger, string nodeId);

    [LoggerMessage(132, LogLevel.Information, "{NodeId} stopped.")]
    public static partial void Stopped(this ILogger logger, string nodeId);

    [LoggerMessage(164, LogLevel.Information, "{NodeId} is still opening {Directory}; the other services of the host start meanwhile.")]
    public static partial void OpeningTakesLong(this ILogger logger, string nodeId, string directory);

    [LoggerMessage(140, LogLevel.Warning,
        "{NodeId} listens on {Address} without authentication of its peers (AllowInsecurePeers): every process that "
        + "reaches the port can read and write everything.")]
    public static partial void InsecurePeers(this ILogger logger, string nodeId, string address);

    [LoggerMessage(141, LogLevel.Warning, "{NodeId} acknowledges writes that are only in the page cache (Durability = OsBuffered): a "
        + "power cut of a quorum loses them.")]
    public static partial void NotDurable(this ILogger logger, string nodeId);

    [LoggerMessage(143, LogLevel.Warning, "{NodeId} keeps everything in memory (Durability = Memory, {Bytes} bytes at most): a restart of "
        + "this node loses its copy, and a restart of more than half of the voters at the same time loses acknowledged writes.")]
    public static partial void InMemoryOnly(this ILogger logger, string nodeId, long bytes);

    [LoggerMessage(150, LogLevel.Error, "The configuration under the prefix {Prefix} is not updated any more.")]
    public static partial void ConfigurationEnded(this ILogger logger, Exception error, string prefix);

    [LoggerMessage(151, LogLevel.Warning, "A listener of the configuration refused the values under the prefix {Prefix}: {Reason} "
        + "Correct the value; the next change is taken over as usual.")]
    public static partial void ConfigurationRefused(this ILogger logger, string prefix, string reason);

    [LoggerMessage(152, LogLevel.Warning, "The configuration under the prefix {Prefix} was not written to its last-known file: "
        + "{Reason} The values are in force; the next start finds the older ones until its store is open.")]
    public static partial void ConfigurationNotKept(this ILogger logger, string prefix, string reason);

    [LoggerMessage(166, LogLevel.Information, "{NodeId} reduced its memory budgets: the process may use {AvailableMebibytes} MiB, and "
        + "a node takes half of that at most. In force: {Budgets}. Configured: {Configured}.")]
    public static partial void BudgetsReduced(this ILogger logger, string nodeId, long availableMebibytes, string budgets,
        string configured);

    [LoggerMessage(193, LogLevel.Information, "{NodeId} took over changed options: {Names}.")]
    public static partial void OptionsTaken(this ILogger logger, string nodeId, string names);

    [LoggerMessage(194, LogLevel.Warning, "{NodeId} needs a restart for changed options: {Names}. Until then the former values "
        + "are in force.")]
    public static partial void OptionsNeedRestart(this ILogger logger, string nodeId, string names);

    [LoggerMessage(195, LogLevel.Warning, "{NodeId} ignores a change of its options, which are not valid: {Reason} The former values "
        + "are in force. Correct the configuration.")]
    public static partial void OptionsIgnored(this ILogger logger, string nodeId, string reason);

    [LoggerMessage(180, LogLevel.Warning, "{NodeId} lost the end of its log: the last run kept commits in the page cache (Durability "
        + "= OsBuffered), and the power was cut or the disk failed. The log now ends with entry {Last}; at least {Commits} known "
        + "commits are lost; acknowledged writes and votes may be among them.")]
    public static partial void BufferedLogCut(this ILogger logger, string nodeId, long last, long commits);

    [LoggerMessage(181, LogLevel.Warning, "{NodeId} could not close everything when it stopped; nothing that was acknowledged depends "
        + "on it: {Reason}")]
    public static partial void CloseFailed(this ILogger logger, string nodeId, string reason);

    [LoggerMessage(182, LogLevel.Warning, "{NodeId} dropped {Count} log lines and measurements: a logger or listener of the "
        + "application took too long. The node itself was not held up.")]
    public static partial void LogLinesDropped(this ILogger logger, string nodeId, long count);
}
