namespace RaftKv.Embedded;

/// <summary>A key, value or transaction is larger than the cluster's limits. Nothing was written.</summary>
public sealed class RaftKvLimitExceededException : RaftKvException
{
    /// <param name="limit">The name of the option, for example <c>MaxValueBytes</c>.</param>
    /// <param name="actual">The size that was refused, in bytes.</param>
    /// <param name="maximum">The cluster's limit, in bytes.</param>
    public RaftKvLimitExceededException(string limit, long actual, long maximum)
        : base($"The size is {actual:N0} bytes, and the limit {limit} is {maximum:N0} bytes. Nothing was written. Make the key, the "
            + "value or the transaction smaller, or raise the option on every node: the cluster's limit rises when all members allow "
            + "more.")
        => (Limit, Actual, Maximum) = (limit, actual, maximum);

    internal RaftKvLimitExceededException(string message) : base(message) => Limit = nameof(RaftKvOptions.MaxValueBytes);

    /// <summary>The name of the option, for example <c>MaxValueBytes</c>.</summary>
    public string Limit { get; }

    /// <summary>
    /// The size that was refused, in bytes; 0 when the replica refused it because the cluster's limits are smaller than this node knew.
    /// </summary>
    public long Actual { get; }

    /// <summary>The cluster's limit, in bytes; 0 as for <see cref="Actual"/>.</summary>
    public long Maximum { get; }
}
