namespace RaftKv.Embedded.Testing;

/// <summary>
/// The contract of <see cref="IDistributedKv"/>, leases and locks, as cases that can be run against any implementation: a fake of your own,
/// a decorator, the store in memory, a cluster. It depends on no test framework.
/// </summary>
public static class RaftKvConformance
{
    /// <summary>All cases, in groups.</summary>
    public static IReadOnlyList<RaftKvConformanceCase> Cases { get; } =
    [
        .. ConditionCases.All,
        .. ReadCases.All,
        .. CompareCases.All,
        .. TransactionCases.All,
        .. IncrementCases.All,
        .. ScanCases.All,
        .. ChildrenCases.All,
        .. LimitCases.All,
        .. LifetimeCases.All,
        .. LeaseCases.All,
        .. LockCases.All,
        .. WatchCases.All,
        .. PreviousValueCases.All,
    ];
}
