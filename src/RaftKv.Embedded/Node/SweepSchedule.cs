namespace RaftKv.Embedded.Node;

/// <summary>
/// Has each collaborator that has deadlines check them, in a fixed order, every <see cref="ReplicaContext.SweepInterval"/>. Holder of the
/// turn.
/// </summary>
internal sealed class SweepSchedule(ReplicaContext context, Action[] sweeps)
{
    /// <summary>When the next sweep is due, in monotonic ticks.</summary>
    public long Next { get; private set; }

    public void RunIfDue()
    {
        if (context.Now.Ticks >= Next)
            Run();
    }

    /// <summary>Runs all sweeps now, whenever the last ones were.</summary>
    public void Run()
    {
        Next = context.Now.Ticks + ReplicaContext.SweepInterval;
        foreach (var sweep in sweeps)
            sweep();
    }
}
