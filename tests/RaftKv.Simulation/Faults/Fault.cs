namespace RaftKv.Simulation.Faults;

/// <summary>A kind of fault. A new one is a file here and a line in <see cref="FaultInjector"/>.</summary>
internal abstract class Fault(Simulation run)
{
    protected Simulation Run => run;

    /// <summary>Whether the swarm of the run has it.</summary>
    public abstract bool IsEnabled(Swarm swarm);

    /// <summary>Breaks something; <c>false</c> when there was nothing to break.</summary>
    /// <param name="chance">Dice of this one fault.</param>
    public abstract bool Inject(SimRandom chance);

    protected SimNode Any(SimRandom chance) => chance.Pick(run.Nodes);

    /// <summary>Of those who believe to lead, the one that was elected last.</summary>
    protected SimNode? Leader => run.Nodes.Where(n => n.Leads).MaxBy(n => n.Core!.Term);

    /// <summary>The voters that a leader has beside itself, as far as they run.</summary>
    protected List<SimNode> Followers(SimNode leader) =>
        [.. run.Nodes.Where(n => n != leader && n.IsListening && leader.Core!.Configuration.IsVoter(n.Id))];
}
