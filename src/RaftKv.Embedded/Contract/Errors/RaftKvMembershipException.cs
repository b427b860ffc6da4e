namespace RaftKv.Embedded;

/// <summary>A change of the members, or a transfer of the leadership, was refused.</summary>
public sealed class RaftKvMembershipException : RaftKvException
{
    /// <param name="error">Why.</param>
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    public RaftKvMembershipException(RaftKvMembershipError error, string message) : base(message) => Error = error;

    /// <summary>Why.</summary>
    public RaftKvMembershipError Error { get; }

    /// <summary>
    /// <see cref="KvOutcome.Unknown"/> when the new node may be a learner that the leader makes a voter later
    /// (<see cref="RaftKvMembershipError.NotCaughtUp"/>), or the successor may still take over
    /// (<see cref="RaftKvMembershipError.TransferTimedOut"/>); otherwise <see cref="KvOutcome.NotApplied"/>.
    /// </summary>
    public override KvOutcome Outcome =>
        Error is RaftKvMembershipError.NotCaughtUp or RaftKvMembershipError.TransferTimedOut ? KvOutcome.Unknown : KvOutcome.NotApplied;

    /// <inheritdoc/>
    public override bool IsTransient => Error is RaftKvMembershipError.ChangeInProgress or RaftKvMembershipError.NotCaughtUp
        or RaftKvMembershipError.TransferTimedOut;
}
