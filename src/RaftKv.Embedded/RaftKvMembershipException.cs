namespace RaftKv.Embedded;

/// <summary>A change of the members, or a transfer of the leadership, was refused.</summary>
public sealed class RaftKvMembershipException : RaftKvException
{
    internal RaftKvMembershipException(RaftKvMembershipError error, string message) : base(message) => Error = error;

    /// <summary>Why.</summary>
    public RaftKvMembershipError Error { get; }

    /// <inheritdoc/>
    public override bool IsTransient => Error is RaftKvMembershipError.ChangeInProgress or RaftKvMembershipError.NotCaughtUp or RaftKvMembershipError.TransferTimedOut;
}
