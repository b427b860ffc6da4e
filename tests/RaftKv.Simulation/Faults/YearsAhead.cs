using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Faults;

/// <summary>
/// All machines lose power and start again, one of them, always the same, with a clock that is ten years ahead until it is set right: an
/// empty battery, a restored image.
/// </summary>
internal sealed class YearsAhead(Simulation run) : Fault(run)
{
    private static readonly TimeSpan Years = TimeSpan.FromDays(3650);

    public override bool IsEnabled(Swarm swarm) => swarm.YearsAhead;

    public override bool Inject(SimRandom chance)
    {
        // Members of earlier versions do not tell their clocks.
        if (Run.History.Configuration.FeatureLevel < FeatureLevels.Safeguards)
            return false;
        var wrong = Run.Nodes[0];
        wrong.Time.Jump = Years;
        Run.Transcript.Add(wrong.Id, "all machines lose power, and its clock is ten years ahead");
        foreach (var node in Run.Nodes.Where(n => n.IsUp).ToList())
        {
            node.Die(power: true);
            Run.Faults.RestartSoon(node);
        }
        Run.Time.After(chance.Between(3, 8) * VirtualTime.Second, () =>
        {
            if (wrong.Time.Jump > Years / 2)
                wrong.Time.Jump = TimeSpan.Zero;
        });
        return true;
    }
}
