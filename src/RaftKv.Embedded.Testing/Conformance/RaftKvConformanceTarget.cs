namespace RaftKv.Embedded.Testing;

/// <summary>The store that <see cref="RaftKvConformance"/> is run against: a node of the product, a fake, or a decorator.</summary>
public sealed class RaftKvConformanceTarget
{
    /// <summary>The store. Each case writes below a prefix of its own, so cases may share the store.</summary>
    public required IDistributedKv Kv { get; init; }

    /// <summary>The leases of the store; <c>null</c>, the default, leaves out the cases that need them.</summary>
    public IRaftKvLeases? Leases { get; init; }

    /// <summary>The locks of the store; <c>null</c>, the default, leaves out the cases that need them.</summary>
    public IRaftKvCoordination? Coordination { get; init; }

    /// <summary>
    /// Whether watches of the store support <see cref="KvWatchOptions.PreviousValues"/>; <c>false</c>, the default, leaves out the cases
    /// that need them.
    /// </summary>
    public bool PreviousValues { get; init; }

    /// <summary>Lets this time pass, for example on a fake clock. The default waits in real time.</summary>
    public Func<TimeSpan, Task> AdvanceAsync { get; init; } = static time => Task.Delay(time);
}
