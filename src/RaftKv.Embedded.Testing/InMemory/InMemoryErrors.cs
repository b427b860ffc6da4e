using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Testing;

/// <summary>The errors of the product, with the product's own messages.</summary>
internal static class InMemoryErrors
{
    public static RaftKvUnavailableException Of(RaftKvUnavailableReason reason, RaftKvOptions options) => reason switch
    {
        RaftKvUnavailableReason.NotFormed => Errors.NotFormed(null),
        RaftKvUnavailableReason.NoLeader => Errors.NoLeader(options.RequestTimeout),
        RaftKvUnavailableReason.NoQuorum => Errors.NoQuorum(options.NodeId, options.RequestTimeout),
        RaftKvUnavailableReason.Overloaded => Errors.Overloaded(options.MaxPendingBytes),
        RaftKvUnavailableReason.Stopping => Errors.Stopping(),
        RaftKvUnavailableReason.Removed => Errors.Removed(options.NodeId),
        RaftKvUnavailableReason.Faulted => Errors.Faulted("A test has made it fail.", null),
        RaftKvUnavailableReason.NotReady => Errors.NotCaughtUp(),
        RaftKvUnavailableReason.Quarantined => Errors.Quarantined(),
        RaftKvUnavailableReason.NoSpace => Errors.NoSpace(),
        RaftKvUnavailableReason.FeatureNotActive => Errors.FeatureNotActive(level: 1),
        RaftKvUnavailableReason.StaleRead =>
            Errors.StaleRead(Timeout.InfiniteTimeSpan, TimeSpan.Zero, Errors.NoLeader(options.RequestTimeout)),
        RaftKvUnavailableReason.Conflict => OptimisticUpdate.Conflict("key"),
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "There is no such reason."),
    };

    public static RaftKvOutcomeUnknownException Unknown(RaftKvOptions options) => Errors.NoAnswer(options.RequestTimeout);
}
