using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation.Clients;

/// <summary>A call under way, made by a caller in the process of a node.</summary>
internal abstract class Call(Simulation run, SimNode node, Action<bool> ended)
{
    /// <summary>How much later than its deadline a call may end: a sweep, and the slowest turns.</summary>
    private const long Grace = VirtualTime.Second;

    private readonly long _pausedFor = node.PausedFor - Math.Max(0, node.PausedUntil - run.Time.Now);

    protected long StartedAt { get; } = run.Time.Now;

    protected Simulation Run => run;

    protected SimNode Node => node;

    /// <summary>The index that the answer must at least reflect.</summary>
    protected long Floor { get; } = run.History.Floor;

    /// <summary>How long the call may take by the node's own clock; <c>null</c> without limit.</summary>
    protected virtual long? Limit => node.RequestTimeout.Ticks;

    /// <summary>Ends the call when its answer is there. True when the call has ended.</summary>
    public bool Poll()
    {
        if (TryEnd() is { } succeeded)
        {
            ended(succeeded);
            return true;
        }
        var taken = run.Time.Now - StartedAt - (node.PausedFor - _pausedFor);
        if (Limit is { } limit && taken > limit * 11 / 10 + Grace)
            throw new BrokenInvariantException("No caller hangs", $"{this} on {node.Id} has not ended after {taken / VirtualTime.Millisecond} ms");
        return false;
    }

    /// <summary>The process died, and the caller with it.</summary>
    public void OnProcessDied()
    {
        Died();
        ended(false);
    }

    protected virtual void Died() { }

    protected abstract bool? TryEnd();
}
