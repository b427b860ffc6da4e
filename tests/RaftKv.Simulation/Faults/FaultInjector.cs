namespace RaftKv.Simulation.Faults;

/// <summary>Injects the faults that the swarm of the run allows, until <c>Stop</c>.</summary>
internal sealed class FaultInjector
{
    /// <summary>Once everything heals, no node stays down for longer.</summary>
    private const long RepairTime = 2 * VirtualTime.Second;

    private readonly Simulation _run;
    private readonly SimRandom _chance;
    private readonly List<Fault> _kinds;
    private readonly NewLeaderCrash _newLeaderCrash;
    private readonly ChangeAfterElection _changeAfterElection;
    private ulong _count;
    private long _quietUntil;
    private bool _stopped;

    public FaultInjector(Simulation run)
    {
        _run = run;
        _chance = run.Random.Fork("faults");
        _newLeaderCrash = new NewLeaderCrash(run);
        _changeAfterElection = new ChangeAfterElection(run);
        Fault[] all =
        [
            new Crash(run), new PowerCut(run), new CrashBetweenMessages(run), new Blackout(run), new Stop(run), new Partition(run), new FlappingLinks(run),
            new ConnectionReset(run), new Pause(run), new Transfer(run), new SnapshotOnDemand(run), new WallClockJump(run), new ClockDrift(run), new FailingDisk(run), new FullDisk(run),
            new SlowDisk(run), new DamagedFile(run), new AllButOne(run), new StaleLeader(run), new ChangeWithoutQuorum(run), new ReplacedDisk(run), new ReplacedDiskApart(run), new FailedSyncThenPowerLoss(run), new FollowerRestartDuringLease(run), new StalledLogs(run), new SlowThenIsolated(run), _changeAfterElection,
            new RolledBackDisk(run), new StoppedTurn(run), new YearsAhead(run), new ReplacedJoin(run), new SlowLink(run),
        ];
        _kinds = [.. all.Where(kind => kind.IsEnabled(run.Swarm))];
    }

    /// <summary>How many faults of each kind there were.</summary>
    public SortedDictionary<string, long> Injected { get; } = new(StringComparer.Ordinal);

    /// <summary>How many times a fault could be injected: a run can leave out faults by the number of their turn.</summary>
    public ulong Turns => _count;

    public void Start()
    {
        if (_kinds.Count > 0)
            Later();
    }

    /// <summary>Injects nothing else for this time.</summary>
    public void Wait(long length) => _quietUntil = _run.Time.Now + length;

    public void Count(string kind) => Injected[kind] = Injected.GetValueOrDefault(kind) + 1;

    /// <summary>Injects no more faults, and repairs what is broken.</summary>
    public void Stop()
    {
        _stopped = true;
        _run.Network.Heal();
        _run.Network.IsQuiet = true;
        foreach (var node in _run.Nodes)
        {
            node.RepairDisk();
            if (node.IsUp)
            {
                node.CutPowerIn(long.MaxValue / 2);
                node.Transport.CrashAfter = long.MaxValue;
            }
            if (!node.IsListening && !_run.Missing.Contains(node))
                RestartSoon(node);
        }
    }

    public void OnElected(SimNode leader)
    {
        if (!_stopped)
            _changeAfterElection.OnElected(leader);
        if (!_stopped && _run.Swarm.NewLeaderCrashes)
            Turn(chance => (_newLeaderCrash, _newLeaderCrash.Inject(leader, chance)));
    }

    /// <summary>Starts a node again after a random time.</summary>
    public void RestartSoon(SimNode node) =>
        RestartIn(node, node.Random.Around(node.Random.OneIn(4) ? 5 * VirtualTime.Second : 500 * VirtualTime.Millisecond));

    public void RestartIn(SimNode node, long wait)
    {
        var life = node.Life;
        _run.Time.After(_stopped ? Math.Min(wait, RepairTime) : wait, () =>
        {
            if (node.IsListening || node.IsRefused || node.Life != life || _run.Missing.Contains(node))
                return;
            if (node.IsUp)
                node.Die(power: node.Random.OneIn(2));
            if (!_stopped && _run.Swarm.Crashes && node.Random.OneIn(8))
                node.CutPowerIn(node.Random.Between(1, 20));
            if (!node.TryStart() && !node.IsRefused)
                RestartSoon(node);
        });
    }

    private void Later() => _run.Time.After(_chance.Around(_run.Swarm.FaultInterval), () =>
    {
        if (_stopped)
            return;
        if (_run.Time.Now < _quietUntil)
        {
            Later();
            return;
        }
        Turn(chance =>
        {
            var kind = chance.Pick(_kinds);
            return (kind, kind.Inject(chance));
        });
        Later();
    });

    private void Turn(Func<SimRandom, (Fault Kind, bool Done)> inject)
    {
        var number = _count++;
        if (_run.Options.Skip.Contains(number))
            return;
        var (kind, done) = inject(_chance.Fork(number));
        if (done)
            Count(kind.GetType().Name);
    }
}
