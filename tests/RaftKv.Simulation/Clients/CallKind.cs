namespace RaftKv.Simulation.Clients;

/// <summary>A kind of call. A new kind is a file here and a line in <see cref="Workload"/>.</summary>
internal abstract class CallKind(Simulation run)
{
    protected Simulation Run => run;

    /// <summary>Whether the swarm of the run has this kind.</summary>
    public virtual bool IsEnabled(Swarm swarm) => true;

    /// <summary>How often this kind is chosen, relative to the others.</summary>
    public abstract int Weight { get; }

    /// <summary>Makes the call on a node that is up, and calls <paramref name="ended"/> when it has ended.</summary>
    public abstract void Make(Caller caller, SimNode node, string key, Action ended);
}
