using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>The exceptions of calls. Each says what happened, what it means for the call, and what to do.</summary>
internal static class Errors
{
    public static RaftKvUnavailableException Stopping() =>
        new(RaftKvUnavailableReason.Stopping, "This node is stopping. Nothing was written; use another node.");

    public static RaftKvUnavailableException Opening() =>
        new(RaftKvUnavailableReason.NotReady, "This node is still opening its data. Nothing was read or written. Wait until it is ready "
            + "(WaitUntilReadyAsync), or use another node.");

    public static RaftKvUnavailableException NotFormed(string? waitsFor) =>
        new(RaftKvUnavailableReason.NotFormed,
            $"This node does not belong to a cluster yet. Nothing was written. {waitsFor ?? "Add this node to a cluster."}");

    public static RaftKvUnavailableException Removed(string nodeId) =>
        new(RaftKvUnavailableReason.Removed, $"The node {nodeId} was removed from its cluster. The call had no effect, and repeating it "
            + "here does not help. Use a member, or add the node again.");

    public static RaftKvOutcomeUnknownException RemovedMidway(string nodeId) =>
        new($"The node {nodeId} was removed from its cluster while the write was under way: it may have been applied, or may still be. "
            + "Read the key on a member before repeating it.");

    public static RaftKvUnavailableException FeatureNotActive(int level) =>
        new(RaftKvUnavailableReason.FeatureNotActive, $"Some member of the cluster runs an older version, which does not know this kind "
            + $"of call (the cluster's feature level is {level}). Nothing was written. Upgrade every member, or remove the one that "
            + "stays behind.");

    public static RaftKvUnavailableException NoLeader(TimeSpan waited) =>
        new(RaftKvUnavailableReason.NoLeader, $"No leader was known within {waited.TotalMilliseconds:N0} ms. The call had no effect, and "
            + "a retry is safe. More than half of the voters must be running and reach each other.");

    public static RaftKvUnavailableException NoQuorum(string leader, TimeSpan waited) =>
        new(RaftKvUnavailableReason.NoQuorum, $"The leader {leader} could not serve the call within {waited.TotalMilliseconds:N0} ms. "
            + "The call had no effect, and a retry is safe. More than half of the voters must be running and reach each other.");

    public static RaftKvUnavailableException ApplyBehind(TimeSpan waited) =>
        new(RaftKvUnavailableReason.NotReady, $"This node is behind and did not catch up with the version asked for within "
            + $"{waited.TotalMilliseconds:N0} ms. Retry, or read on another node.");

    public static RaftKvUnavailableException NotCaughtUp() =>
        new(RaftKvUnavailableReason.NotReady, "This node has not caught up with its cluster since it started, so its own copy may lack "
            + "what is committed. Nothing was read or written. Wait until it is ready (WaitUntilReadyAsync), or read on another node.");

    public static RaftKvUnavailableException StaleRead(TimeSpan age, TimeSpan maxAge, RaftKvUnavailableException cause)
    {
        var known = age == Timeout.InfiniteTimeSpan
            ? "was never known to be current"
            : $"was last known to be current {age.TotalMilliseconds:N0} ms ago";
        return new(RaftKvUnavailableReason.StaleRead,
            $"This node's copy {known}, and the read allows {maxAge.TotalMilliseconds:N0} ms (MaxAge). Nothing was read. "
            + $"Retry, read on another node, or allow a greater age. {cause.Message}", cause);
    }

    public static RaftKvUnavailableException Overloaded(long limit) =>
        new(RaftKvUnavailableReason.Overloaded,
            $"More than {limit:N0} bytes of writes wait on this node already (MaxPendingBytes). Nothing was written; retry after a pause.");

    public static RaftKvUnavailableException LeaderOverloaded() =>
        new(RaftKvUnavailableReason.Overloaded, "The leader holds as many bytes of writes as it may (MaxPendingBytes): its disk, a "
            + "quorum or its state machine is behind. Nothing was written; retry after a pause.");

    public static RaftKvLimitExceededException TooLargeForCluster(ClusterLimits limits) =>
        new($"The key, the value or the transaction is larger than the cluster's limits ({limits}). Nothing was written. Make it "
            + "smaller, or raise the option on every node: the limits rise when all members allow more.");

    public static RaftKvUnavailableException Faulted(string why, Exception? cause) =>
        new(RaftKvUnavailableReason.Faulted, $"This node has stopped taking part: {why} Nothing was written. Use another node, and "
            + "restart this one once the cause is removed.", cause);

    public static RaftKvUnavailableException NoSpace() =>
        new(RaftKvUnavailableReason.NoSpace, "The storage (disk, or memory budget with Durability.Memory) of the leader, or of so "
            + "many voters that no quorum has room, is nearly full. Nothing was written. Delete keys, which is still possible, or free "
            + "some space; writes are taken again by themselves then.");

    public static RaftKvUnavailableException Quarantined() =>
        new(RaftKvUnavailableReason.Quarantined, "This node's copy differs from that of the majority and is being replaced. Nothing was "
            + "written; use another node, or retry later.");

    public static RaftKvOutcomeUnknownException QuarantinedMidway() =>
        new("This node's copy was found to differ from that of the majority while the write was under way: it may have been applied, or "
            + "may still be. Read the key on another node before repeating it.");

    public static RaftKvOutcomeUnknownException NoAnswer(TimeSpan waited) =>
        new($"The write was given to the leader, but its outcome did not become known within {waited.TotalMilliseconds:N0} ms: it may "
            + "have been applied, or may still be. Read the key, or make the write conditional on a version, before repeating it.");

    public static RaftKvOutcomeUnknownException ChangeUnknown(string why, Exception? cause = null) =>
        new($"The outcome of the call is unknown ({why}): it may have been carried out, or may still be. "
            + "Look at the members and the leader in the status, or make the call again: what has been done is not done twice.", cause);

    public static RaftKvOutcomeUnknownException SessionLost() =>
        new("The write was repeated, and meanwhile the cluster forgot this node's session: whether the first attempt was applied is not "
            + "known. Read the key before repeating it.");

    public static RaftKvOutcomeUnknownException Ended(string why, Exception? cause) =>
        new($"{why} The write had been given to the leader and may have been applied, or may still be. Read the key on another node "
            + "before repeating it.", cause);

    public static RaftKvTransactionException TooManyOperations(int count, string of) =>
        new(RaftKvTransactionError.TooManyOperations,
            $"The transaction has {count:N0} {of}; {KvTransaction.MaxOperations} is the limit. Nothing was written. Split it.");

    public static RaftKvTransactionException KeyWrittenTwice(string? key, string branch) =>
        new(RaftKvTransactionError.KeyWrittenTwice, $"In {branch} of the transaction "
            + $"{(key is null ? "a range that is deleted has a key" : $"the key '{key}' is written")} that another operation writes as "
            + "well. Nothing was written. Keep one of them.");

    /// <summary>The error of a command that the state machine refused.</summary>
    public static RaftKvException Refused(in ApplyResult result) => result.Status switch
    {
        ApplyStatus.NotANumber => new RaftKvTransactionException(RaftKvTransactionError.NotANumber,
            $"Operation {result.Version} increments a value that is not the decimal text of a number. Nothing was written."),
        ApplyStatus.Overflow => new RaftKvTransactionException(RaftKvTransactionError.Overflow,
            $"Operation {result.Version} increments a number beyond the range of 64 bits. Nothing was written."),
        ApplyStatus.TooManyKeys => new RaftKvTransactionException(RaftKvTransactionError.TooManyKeys,
            $"The ranges of the transaction hold more than {KvTransaction.MaxRangeKeys:N0} keys. Nothing was written. Use smaller "
                + "ranges, one transaction after the other."),
        ApplyStatus.ResultTooLarge => new RaftKvTransactionException(RaftKvTransactionError.ResultTooLarge,
            $"The transaction reads more than {TransactionResult.MaxBytes:N0} bytes; operation {result.Version} went over. Nothing was "
                + "written. Read outside of the transaction, or less."),
        ApplyStatus.LeaseNotFound => new RaftKvLeaseException(RaftKvLeaseError.NotFound,
            "There is no such lease: it was revoked, has expired, or never was. Nothing was written. Grant a new one."),
        ApplyStatus.LeaseFull => new RaftKvLeaseException(RaftKvLeaseError.TooManyKeys,
            $"The lease has {LeaseTable.MaxKeys:N0} keys already. Nothing was written. Use a second lease."),
        ApplyStatus.TooManyLeases => new RaftKvLeaseException(RaftKvLeaseError.TooManyLeases,
            $"The cluster has {LeaseTable.MaxLeases:N0} leases already. None was granted. Revoke some, or bind several keys to one."),
        _ => new RaftKvOutcomeUnknownException($"The state machine answered {result.Status}; this is a defect, please report it."),
    };
}
