namespace RaftKv.Simulation.Clients;

/// <summary>The kinds of calls that the callers of a run make.</summary>
internal sealed class Workload
{
    /// <summary>After this many calls fast callers slow down: more of the same would only lengthen the run.</summary>
    private const long ManyCalls = 1_500;

    private static readonly long Calm = 20 * VirtualTime.Millisecond;

    private readonly Simulation _run;
    private readonly List<CallKind> _kinds = [];
    private long _calls;

    public Workload(Simulation run)
    {
        _run = run;
        CallKind[] all =
        [
            new SetKind(run), new IncrementKind(run), new DeleteKind(run), new StaleReadKind(run), new FreshReadKind(run),
            new TransferKind(run), new ExpiringKeyKind(run), new LeaseHolderKind(run), new CounterKind(run),
        ];
        foreach (var kind in all.Where(kind => kind.IsEnabled(run.Swarm)))
            _kinds.AddRange(Enumerable.Repeat(kind, kind.Weight));
    }

    public void Start()
    {
        for (var i = 0UL; i < (ulong)_run.Swarm.Callers; i++)
            new Caller(_run, this, _run.Random.Fork("callers").Fork(i)).Start();
    }

    public CallKind Next(SimRandom chance)
    {
        _calls++;
        return chance.Pick(_kinds);
    }

    public long ThinkTime => _calls < ManyCalls ? _run.Swarm.ThinkTime : Math.Max(_run.Swarm.ThinkTime, Calm);
}
