namespace RaftKv.Embedded;

/// <summary>A key or value is larger than the options allow. Nothing was sent.</summary>
public sealed class RaftKvLimitExceededException : RaftKvException
{
    internal RaftKvLimitExceededException(string limit, long actual, long maximum)
        : base($"{limit} is {maximum:N0} bytes, and this one has {actual:N0}. Nothing was written. Make it smaller, or raise the option on every node.")
        => (Limit, Actual, Maximum) = (limit, actual, maximum);

    internal RaftKvLimitExceededException(string message) : base(message) => Limit = nameof(RaftKvOptions.MaxValueBytes);

    /// <summary>The name of the option, for example <c>MaxValueBytes</c>.</summary>
    public string Limit { get; }

    /// <summary>The size that was refused, in bytes; 0 when it was the leader that refused it, whose limits are smaller than this node's.</summary>
    public long Actual { get; }

    /// <summary>The limit, in bytes; 0 when it is the leader's.</summary>
    public long Maximum { get; }
}
