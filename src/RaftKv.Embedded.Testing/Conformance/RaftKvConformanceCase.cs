namespace RaftKv.Embedded.Testing;

/// <summary>One case of <see cref="RaftKvConformance"/>.</summary>
public sealed class RaftKvConformanceCase
{
    private readonly Func<ConformanceRun, Task> _run;

    internal RaftKvConformanceCase(
        string group, string name, Func<ConformanceRun, Task> run, bool leases = false, bool coordination = false,
        bool previousValues = false) => (Group, Name, _run, NeedsLeases, NeedsCoordination, NeedsPreviousValues) =
        (group, $"{group}: {name}", run, leases, coordination, previousValues);

    /// <summary>The part of the contract that the case belongs to.</summary>
    public string Group { get; }

    /// <summary>The group and what must hold, unique among the cases.</summary>
    public string Name { get; }

    /// <summary>Whether the case needs <see cref="RaftKvConformanceTarget.Leases"/>.</summary>
    public bool NeedsLeases { get; }

    /// <summary>Whether the case needs <see cref="RaftKvConformanceTarget.Coordination"/>.</summary>
    public bool NeedsCoordination { get; }

    /// <summary>Whether the case needs <see cref="RaftKvConformanceTarget.PreviousValues"/>.</summary>
    public bool NeedsPreviousValues { get; }

    /// <summary>Whether the target has what the case needs.</summary>
    public bool CanRun(RaftKvConformanceTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return (!NeedsLeases || target.Leases is not null) && (!NeedsCoordination || target.Coordination is not null)
            && (!NeedsPreviousValues || target.PreviousValues);
    }

    /// <summary>Runs the case. A case may run at the same time as others, and repeatedly.</summary>
    /// <exception cref="RaftKvConformanceException">The target does not do what the contract says.</exception>
    /// <exception cref="InvalidOperationException">The target lacks what the case needs.</exception>
    public Task RunAsync(RaftKvConformanceTarget target, CancellationToken cancellationToken = default) => CanRun(target)
        ? _run(new ConformanceRun(target, cancellationToken))
        : throw new InvalidOperationException($"The target lacks the leases, the locks or the previous values that '{Name}' needs.");

    /// <inheritdoc/>
    public override string ToString() => Name;
}
