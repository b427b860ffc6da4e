using System.Globalization;
using System.Text;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>
/// One run of a cluster under faults, determined by its seed alone. In the first part faults happen and no safety property may break. In
/// the second part no faults happen, and at its end the cluster must have recovered.
/// </summary>
internal sealed partial class RandomRun : IModelWorld
{
    /// <summary>Many times the number of steps that a run needs. A run with more steps makes no progress.</summary>
    private const long MaxSteps = 150_000;

    private static readonly long Ms = TimeSpan.TicksPerMillisecond;

    private readonly ulong _seed;
    private readonly Prng _random;
    private readonly RunFaults _faults;
    private readonly PriorityQueue<Action, (long Time, long Number)> _agenda = new();
    private readonly List<ModelNode> _nodes = [];
    private readonly Dictionary<ModelNode, NodeClock> _clocks = [];
    private readonly HashSet<(string, string)> _cut = [];
    private readonly Queue<(long Time, Func<string> Line)> _trace = new();
    private readonly SafetyChecker _checker;
    private readonly long _peaceAt;
    private long _time;
    private long _number;
    private long _nextId;
    private int _wipes;
    private ulong _starts;
    private bool _peace;

    public RandomRun(ulong seed)
    {
        _seed = seed;
        _random = new Prng(seed);
        _faults = new RunFaults(_random);
        _checker = new SafetyChecker(_nodes);
        _peaceAt = (2000 + _random.Below(3000)) * Ms;
        var founders = _random.Below(10) switch { 0 => 1, 1 => 2, < 7 => 3, 7 => 4, _ => 5 };
        var configuration = ModelClusters.Voters(Enumerable.Range(1, founders).Select(i => $"n{i}"));
        for (var i = 1; i <= founders + 2; i++)
        {
            var node = AddNode($"n{i}", ModelClusters.Incarnation($"n{i}"), _nodes.Count);
            if (i <= founders)
                ModelClusters.Found(node.Disk, configuration);
        }
    }

    public long Steps { get; private set; }

    public long Commits => _checker.MaxCommit;

    public long Reads => _checker.ReadsServed;

    /// <summary>Runs to the end. A broken property throws an exception with the seed and the last events.</summary>
    public void Run()
    {
        try
        {
            foreach (var node in _nodes)
                Start(node);
            Every(5, 25, Propose);
            Every(5, 60, Read);
            Every(20, 200, Trouble);
            At(_peaceAt, MakePeace);
            RunUntil(_peaceAt + (4000 * Ms));
            var writes = _checker.MaxCommit;
            Propose();
            var reads = BeginReads();
            RunUntil(_time + (1000 * Ms));
            CheckPeace(writes, reads);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Seed {_seed}: {e.Message}\n{Describe()}", e);
        }
    }

    private ModelNode AddNode(string id, Guid incarnation, int at)
    {
        var node = new ModelNode(id, incarnation, this);
        _nodes.Insert(at, node);
        // Each clock drifts by at most 4 %, so that any two of them stay within the allowed drift.
        _clocks[node] = new NodeClock(0.96 + (_random.Below(800) / 10000.0), _random.Below(1000) * Ms);
        return node;
    }

    private void Start(ModelNode node)
    {
        var settings = new RaftSettings
        {
            NodeId = node.Id,
            Seed = _seed * 31 + ++_starts,
            MaxAppendBytes = 400,
            MaxInflightBytes = 1200,
            MaxInflightMessages = 4,
            CacheBytes = 600,
            SnapshotChunkBytes = 50,
            MaxUncommittedBytes = 4000,
            TransferTimeout = 500 * Ms,
            CommitNotifyDelay = _random.Below(3) * Ms,
        };
        node.Start(settings, Clock(node), (int)_random.Below(8));
        Stepped(node);
    }

    private Moment Clock(ModelNode node) => _clocks[node].Read(_time);

    private void Do(ModelNode node, Func<Moment, RaftEvent> input)
    {
        if (node.Core is null)
            return;
        node.Now = Clock(node);
        node.Step(input(node.Now));
        Stepped(node);
    }

    private void Stepped(ModelNode node)
    {
        _checker.AfterStep(node);
        Expect(Steps < MaxSteps, "a run has a bounded number of steps");
        if (++Steps % 1024 == 0)
            _checker.CheckLogMatching();
        if (node.Core is not { } core || core.Deadline == Moment.Never)
            return;
        var clock = _clocks[node];
        if (core.Deadline == clock.Armed && clock.ArmedLife == node.Life)
            return;
        clock.Armed = core.Deadline;
        clock.ArmedLife = node.Life;
        ArmTimer(node, clock, core.Deadline, node.Life);
    }

    private void ArmTimer(ModelNode node, NodeClock clock, long deadline, int life) =>
        At(Math.Max(clock.TimeOf(deadline), _time + 1), () => WhenAwake(node, life, () =>
        {
            if (node.Core is not { } core || clock.Armed != deadline)
                return;
            clock.Armed = 0;
            Do(node, now => new TimePassed(now));
        }));

    /// <summary>Runs the work, after the pause if the process is paused. Work of an earlier life of the node is dropped.</summary>
    private void WhenAwake(ModelNode node, int life, Action work)
    {
        if (node.Life != life)
            return;
        if (_clocks[node].PausedUntil > _time)
            At(_clocks[node].PausedUntil + _random.Below(Ms), () => WhenAwake(node, life, work));
        else
            work();
    }

    public void Transmit(ModelNode from, string to, RaftMessage message)
    {
        Note(() => $"{from.Id}>{to} {TranscriptText.Of(message)}");
        _checker.Sent(from, to, message);
        var copies = !_peace && _random.Below(100) < _faults.DuplicatePercent ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            if (!_peace && _random.Below(100) < _faults.LossPercent)
                continue;
            var delay = (100 + _random.Below(900)) * (Ms / 1000);
            if (!_peace && _random.Below(100) < _faults.LatePercent)
                delay += _random.Below(600) * Ms;
            At(_time + delay, () => Deliver(from, to, message));
        }
    }

    private void Deliver(ModelNode from, string to, RaftMessage message)
    {
        var node = _nodes.Find(n => n.Id == to);
        if (node?.Core is null || _cut.Contains((from.Id, to)) || !_nodes.Contains(from))
            return;
        WhenAwake(node, node.Life, () => Do(node, now => new MessageReceived(now, from.Id, message)));
    }

    public void Later(ModelNode node, Action work)
    {
        var life = node.Life;
        At(_time + _random.Below(3 * Ms), () => WhenAwake(node, life, () =>
        {
            node.Now = Clock(node);
            work();
            Stepped(node);
        }));
    }

    public void DiskHasWork(ModelNode node)
    {
        if (_clocks[node].DiskBusyLife == node.Life)
            return;
        _clocks[node].DiskBusyLife = node.Life;
        var delay = _random.Below(2 * Ms);
        if (!_peace && _random.Below(100) < _faults.SlowDiskPercent)
            delay += _random.Below(400) * Ms;
        var life = node.Life;
        At(_time + delay, () => WhenAwake(node, life, () =>
        {
            _clocks[node].DiskBusyLife = 0;
            node.Now = Clock(node);
            node.Write(1 + (int)_random.Below(node.PendingWrites), grouped: _random.Below(2) == 0);
            if (node.PendingWrites > 0)
                DiskHasWork(node);
            Stepped(node);
        }));
    }

    public void ApplierHasWork(ModelNode node)
    {
        if (_clocks[node].ApplierBusyLife == node.Life)
            return;
        _clocks[node].ApplierBusyLife = node.Life;
        var delay = _random.Below(_peace || _random.Below(100) >= _faults.SlowApplyPercent ? Ms : 300 * Ms);
        var life = node.Life;
        At(_time + delay, () => WhenAwake(node, life, () =>
        {
            _clocks[node].ApplierBusyLife = 0;
            node.Now = Clock(node);
            node.Apply();
            if (node.HasApplies)
                ApplierHasWork(node);
            Stepped(node);
        }));
    }

    public void Observe(ModelNode node, RaftEffect effect)
    {
        if (effect is RoleChanged or RequestCompleted or ConfigurationChanged or ResetLog or TruncatePrefix)
            Note(() => $"{node.Id} {TranscriptText.Of(effect)}");
        _checker.Observe(node, effect);
    }

    public void Applied(ModelNode node, LogEntry? entry, long index, ulong state) => _checker.Applied(node, index, state);

    private void Propose()
    {
        var leader = Leader();
        var target = leader is not null && _random.Below(10) < 8 ? leader : Any();
        var count = 1 + (int)_random.Below(3);
        var commands = new ReadOnlyMemory<byte>[count];
        for (var i = 0; i < count; i++)
            commands[i] = BitConverter.GetBytes(++_nextId);
        var from = _random.Below(2) == 0 ? null : Any().Id;
        Do(target, now => new Proposed(now, commands, from));
    }

    private void Read()
    {
        var node = Any();
        if (node.Core is null || _clocks[node].PausedUntil > _time)
            return;
        if (_random.Below(4) == 0)
            Do(node, now => new LeaseWanted(now));
        BeginRead(node);
    }

    private void BeginRead(ModelNode node)
    {
        var id = ++_nextId;
        _checker.ReadBegins(node, id);
        Do(node, now => new ReadRequested(now, id));
    }

    private void MakePeace()
    {
        _peace = true;
        _cut.Clear();
        Note("peace");
        foreach (var node in _nodes.ToList())
        {
            _clocks[node].PausedUntil = 0;
            Restart(node);
        }
    }

    private List<long> BeginReads()
    {
        var before = _nextId;
        foreach (var node in Members())
            BeginRead(node);
        return [.. Enumerable.Range(1, (int)(_nextId - before)).Select(i => before + i)];
    }

    private List<ModelNode> Members() => Leader() is { Core: { } core } ? [.. _nodes.Where(n => core.Configuration.Find(n.Id) is not null)] : [];

    private void CheckPeace(long writes, List<long> reads)
    {
        var leader = Leader()?.Core ?? throw new InvalidOperationException("nobody leads in peace");
        Expect(_nodes.Count(n => n.Core!.Role == RaftRole.Leader) == 1, "one node leads");
        Expect(_checker.MaxCommit > writes, "a write commits");
        Expect(leader.ConfigurationIndex <= leader.CommitIndex, "the configuration is committed");
        foreach (var member in leader.Configuration.Members)
            Expect(member.Role != MemberRole.Joining, $"{member.NodeId} has caught up and is a voter");
        // The last proposals may still be in transit, so each node may be a few entries behind.
        foreach (var node in Members())
        {
            var core = node.Core!;
            Expect(core.Term == leader.Term && core.LeaderId == leader.LeaderId, $"{node.Id} follows the leader");
            Expect(core.CommitIndex >= leader.CommitIndex - 30, $"{node.Id} knows what is committed");
            Expect(node.AppliedIndex >= core.CommitIndex - 30, $"{node.Id} has applied what is committed");
        }
        _checker.ExpectServed(reads);
        _checker.CheckLogMatching();
    }

    private static void Expect(bool holds, string what)
    {
        if (!holds)
            throw new InvalidOperationException($"not true: {what}");
    }

    private ModelNode? Leader() => _nodes.Where(n => n.Core?.Role == RaftRole.Leader).MaxBy(n => n.Core!.Term);

    private ModelNode Any() => _nodes[(int)_random.Below(_nodes.Count)];

    private void Every(long from, long to, Action work)
    {
        void Again()
        {
            work();
            At(_time + ((from + _random.Below(to - from)) * Ms), Again);
        }
        At(_time + (from * Ms), Again);
    }

    private void At(long time, Action work) => _agenda.Enqueue(work, (time, ++_number));

    private void RunUntil(long end)
    {
        while (_agenda.TryPeek(out var work, out var key) && key.Time <= end)
        {
            _agenda.Dequeue();
            _time = Math.Max(_time, key.Time);
            work();
        }
        _time = end;
    }

    private void Note(string line) => Note(() => line);

    /// <summary>A line is a function, because its text is only needed when the run fails.</summary>
    private void Note(Func<string> line)
    {
        if (_trace.Count == 400)
            _trace.Dequeue();
        _trace.Enqueue((_time, line));
    }

    private string Describe()
    {
        var text = new StringBuilder();
        foreach (var (time, line) in _trace)
            text.AppendLine(CultureInfo.InvariantCulture, $"{time / (double)Ms,9:F3} {line()}");
        foreach (var node in _nodes)
        {
            text.AppendLine(node.Core is { } c
                ? $"{node.Id} {c.Role} term {c.Term} leader {c.LeaderId} log {c.FirstIndex}..{c.LastIndex}^{c.LastTerm} durable {c.DurableIndex} commit {c.CommitIndex} applied {node.AppliedIndex} [{c.Configuration}]@{c.ConfigurationIndex}"
                + string.Concat(c.Peers.Select(p => $"\n   {p.NodeId} {p.State} match {p.Match} next {p.Next} inflight {p.InflightMessages}"))
                : $"{node.Id} down");
        }
        return text.ToString();
    }
}
