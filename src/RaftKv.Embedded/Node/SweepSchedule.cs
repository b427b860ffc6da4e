namespace RaftKv.Embedded.Node;

/// <summary>
/// Lets each collaborator that has deadlines look at them, in a fixed order, every <see cref="ReplicaContext.SweepInterval"/>. Holder of
/// the turn.
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

    /// <summary>Whenever the last sweep was.</summary>
    public void Run()
    {
        Next = context.Now.Ticks + ReplicaContext.SweepInterval;
        foreach (var sweep in sweeps)
            sweep();
    }
}
