namespace RaftKv.Simulation.Clients;

/// <summary>Something callers do. A new one is a file here and a line in <see cref="Workload"/>.</summary>
internal abstract class CallKind(Simulation run)
{
    protected Simulation Run => run;

    /// <summary>Whether the swarm of the run has it.</summary>
    public virtual bool IsEnabled(Swarm swarm) => true;

    /// <summary>How often it is made, next to the others.</summary>
    public abstract int Weight { get; }

    /// <summary>Makes the call on a node, which is up, and says when it has ended.</summary>
    public abstract void Make(Caller caller, SimNode node, string key, Action ended);
}
