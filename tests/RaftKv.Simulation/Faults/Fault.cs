namespace RaftKv.Simulation.Faults;

/// <summary>A kind of fault. A new kind is a file here and a line in <see cref="FaultInjector"/>.</summary>
internal abstract class Fault(Simulation run)
{
    protected Simulation Run => run;

    /// <summary>Whether the swarm of the run has this kind.</summary>
    public abstract bool IsEnabled(Swarm swarm);

    /// <summary>Breaks something; <c>false</c> when there was nothing to break.</summary>
    /// <param name="chance">The random numbers of this one fault.</param>
    public abstract bool Inject(SimRandom chance);

    protected SimNode Any(SimRandom chance) => chance.Pick(run.Nodes);

    /// <summary>The node that was elected last, of those that believe to lead.</summary>
    protected SimNode? Leader => run.Nodes.Where(n => n.Leads).MaxBy(n => n.Core!.Term);

    /// <summary>The running voters, without the leader.</summary>
    protected List<SimNode> Followers(SimNode leader) =>
        [.. run.Nodes.Where(n => n != leader && n.IsListening && leader.Core!.Configuration.IsVoter(n.Id))];
}
