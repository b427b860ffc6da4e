namespace RaftKv.Embedded.Testing;

/// <summary>The store that <see cref="RaftKvConformance"/> is run against: a node of the product, a fake, or a decorator.</summary>
public sealed class RaftKvConformanceTarget
{
    /// <summary>The store. Cases write below prefixes of their own, and may share it with each other.</summary>
    public required IDistributedKv Kv { get; init; }

    /// <summary>Its leases; <c>null</c>, the default, leaves out the cases that need them.</summary>
    public IRaftKvLeases? Leases { get; init; }

    /// <summary>Its locks; <c>null</c>, the default, leaves out the cases that need them.</summary>
    public IRaftKvCoordination? Coordination { get; init; }

    /// <summary>
    /// Whether its watches have <see cref="KvWatchOptions.PreviousValues"/>; <c>false</c>, the default, leaves out the cases that need
    /// them.
    /// </summary>
    public bool PreviousValues { get; init; }

    /// <summary>Lets time pass, for example on a fake clock. The default waits for the real time.</summary>
    public Func<TimeSpan, Task> AdvanceAsync { get; init; } = static time => Task.Delay(time);
}
