using RaftKv.Simulation.Clients;
using RaftKv.Simulation.Faults;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation;

/// <summary>
/// One run: whole replicas, their machines, their network and their callers on one thread in virtual time. The same seed gives the same
/// run, to the last message. First a time with faults, then a time without, in which the cluster must recover.
/// </summary>
internal sealed partial class Simulation
{
    private readonly List<SimNode> _nodes = [];
    private readonly Dictionary<string, SimNode> _addresses = [];
    private readonly ElectionSafety _electionSafety;
    private readonly LeaseTime _leaseTime;
    private readonly Invariant[] _invariants;
    private long _operations;
    private BrokenInvariantException? _broken;

    public Simulation(ulong seed, SimulationOptions options)
    {
        Options = options;
        Time = new VirtualTime { MaxSteps = options.MaxSteps };
        Random = new SimRandom(seed);
        Swarm = options.Traits.ApplyTo(new Swarm(Random, options.Profile));
        Transcript = new Transcript(Time, options.TranscriptLines);
        Watches = new WatchCompleteness(seed, History);
        OperatorAnswers = new OperatorAnswers(this);
        OneEntryPerWrite = new OneEntryPerWrite(this);
        // The order below matters: CommittedEntries extends the history, which the invariants behind it read.
        _electionSafety = new ElectionSafety(this);
        _leaseTime = new LeaseTime(this);
        _invariants =
        [
            _electionSafety, new LogMatching(), new LeaderAppendOnly(), new OwnTermCommit(), new CommittedEntries(this),
            new ConfigurationInForce(this), new DurableEntries(), new LeaderCompleteness(this), new StateMachineSafety(this),
            new LeaseSafety(this), new SingleStepConfiguration(), new ProvenQuorum(this), new CaughtUpLearners(this),
            new RemovedMembers(this), new ReadyNodes(this), new SettledNodes(this), new CopyAges(this), new BoundedMemory(this),
            StaleReads, Linearizable, Watches,
            _leaseTime, OperatorAnswers, new NothingSentTwice(this), OneEntryPerWrite,
        ];
        History.LeasesPaused += _leaseTime.OnPaused;
        History.Committed += new LogTimeBound(this).OnCommitted;
        History.LeaseExpired += LeaseHolders.OnExpired;
        Network = new SimNetwork(this);
        EndOfFaults = Swarm.Length;
        Faults = new FaultInjector(this);
        Operators = new Operators(this);
        for (var i = 1; i <= Swarm.Founders + Swarm.Spares; i++)
            _nodes.Add(new SimNode(this, $"n{i}",
                1000 + (Swarm.Drift == 0 ? 0 : Random.Fork("drift").Fork((ulong)i).Between(-Swarm.Drift, Swarm.Drift))));
        foreach (var node in _nodes)
            _addresses.Add(node.Address, node);
        Joiners = new Joiners(this);
    }

    public SimulationOptions Options { get; }

    /// <summary>The random numbers of the run; each part has its own source, forked from this one.</summary>
    public SimRandom Random { get; }

    public Swarm Swarm { get; }

    public VirtualTime Time { get; }

    public Transcript Transcript { get; }

    public SimNetwork Network { get; }

    public FaultInjector Faults { get; }

    public Operators Operators { get; }

    public Joiners Joiners { get; }

    public CommittedHistory History { get; } = new();

    public WatchCompleteness Watches { get; }

    public OneEntryPerWrite OneEntryPerWrite { get; }

    public StaleReads StaleReads { get; } = new();

    public Linearizable Linearizable { get; } = new();

    public LeaseHolders LeaseHolders { get; } = new();

    public OperatorAnswers OperatorAnswers { get; }

    public IReadOnlyList<SimNode> Nodes => _nodes;

    public bool IsHealing { get; private set; }

    /// <summary>The time at which everything heals; a fault may bring it forward.</summary>
    public long EndOfFaults { get; set; }

    public long Acknowledged { get; set; }

    public long ReadsAnswered { get; set; }

    public int Elections => _electionSafety.Elections;

    public SimNode NodeAt(string address) => _addresses.GetValueOrDefault(address)
        ?? throw new InvalidOperationException($"no node has the address {address}");

    /// <summary>Whether a write on this node founds the cluster.</summary>
    public bool MayFound(SimNode node) => Swarm.Alone && node == _nodes[0] && History.Last.Index == 0;

    public long NextOperation() => ++_operations;

    /// <exception cref="BrokenInvariantException">The run shows a bug.</exception>
    public void Run()
    {
        foreach (var node in _nodes)
            node.TryStart();
        Operators.Start();
        Joiners.Start();
        new Workload(this).Start();
        Faults.Start();
        WatchCallers();
        while (Time.Step(EndOfFaults))
        {
        }
        Heal();
        foreach (var invariant in _invariants)
            invariant.AtEnd();
    }

    /// <summary>Called after each step of a process.</summary>
    public void AfterStep(SimNode node)
    {
        if (_broken is { } broken)
            throw broken;
        foreach (var invariant in _invariants)
            invariant.AfterStep(node);
        node.PollCalls();
    }

    public void OnStarted(SimNode node) => Transcript.Add(node.Id, $"starts as process {node.Life}");

    public void OnDied(SimNode node)
    {
        Transcript.Add(node.Id, "dies");
        Watches.OnDown(node);
    }

    public void OnWiped(SimNode node)
    {
        Transcript.Add(node.Id, "loses its data directory");
        foreach (var invariant in _invariants)
            invariant.Forget(node);
    }

    public void OnElected(SimNode node)
    {
        Faults.OnElected(node);
        Operators.OnElected(node);
    }

    public void OnFaulted(SimNode node)
    {
        Watches.OnDown(node);
        // Thrown after the step: the replica would take an exception from here for a fault of its own.
        if (!node.MayFault)
            _broken ??= new BrokenInvariantException("No fault without a cause", $"{node.Id}: {node.Fault}");
        Faults.RestartSoon(node);
    }

    /// <summary>Polls the calls once a second: in a process that does nothing a call could hang unnoticed.</summary>
    private void WatchCallers() => Time.After(VirtualTime.Second, () =>
    {
        foreach (var node in _nodes)
        {
            if (node.IsUp && node.PausedUntil <= Time.Now)
                node.PollCalls();
        }
        WatchCallers();
    });
}
