using System.Text;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>
/// A cluster in which nothing happens by itself: the test delivers messages and advances the time. Disks complete writes at once, unless a
/// test makes them slow.
/// </summary>
internal sealed class ScriptedCluster : IModelWorld
{
    private readonly SortedDictionary<string, ModelNode> _nodes = new(StringComparer.Ordinal);
    private readonly List<(string From, string To, RaftMessage Message)> _mail = [];
    private readonly HashSet<(string, string)> _cut = [];
    private readonly Queue<Action> _later = new();
    private readonly HashSet<string> _slowDisks = [];
    private readonly SafetyChecker _checker;
    private readonly List<ModelNode> _order = [];
    private Moment _now = new(TimeSpan.TicksPerSecond, 1_000_000);
    private long _nextId;

    public ScriptedCluster() => _checker = new SafetyChecker(_order);

    /// <summary>
    /// False when a test sends messages in the name of a node, because the disk of that node does not match such messages.
    /// </summary>
    public bool ChecksSafety { get; init; } = true;

    public int TargetVoters { get; init; }

    public TimeSpan ReplacedDiskTimeout { get; init; } = TimeSpan.FromSeconds(3);

    public StringBuilder Output { get; } = new();

    /// <summary>All effects of all nodes, newest last.</summary>
    public List<(string Node, RaftEffect Effect)> Effects { get; } = [];

    public IReadOnlyList<(string From, string To, RaftMessage Message)> Mail => _mail;

    public Moment Now => _now;

    public ModelNode this[string id] => _nodes[id];

    public RaftCore Core(string id) => _nodes[id].Core!;

    public static ScriptedCluster Of(params string[] founders)
    {
        var cluster = new ScriptedCluster();
        foreach (var id in founders)
            cluster.Add(id, founders);
        return cluster;
    }

    public void Add(string id, params string[] founders)
    {
        var node = new ModelNode(id, ModelClusters.Incarnation(id), this);
        _nodes.Add(id, node);
        _order.Add(node);
        if (founders.Length > 0)
            ModelClusters.Found(node.Disk, ModelClusters.Voters(founders));
        Start(id);
    }

    /// <summary>Adds a node whose disk has a log with these terms, from index 1.</summary>
    public void AddWithLog(string id, long term, string[] voters, params long[] terms)
    {
        var node = new ModelNode(id, ModelClusters.Incarnation(id), this);
        _nodes.Add(id, node);
        _order.Add(node);
        node.Disk.Term = term;
        for (var i = 0; i < terms.Length; i++)
        {
            var isFirst = i == 0;
            node.Disk.Entries.Add(new LogEntry(terms[i], i + 1, 0, isFirst ? EntryKind.Configuration : EntryKind.Command, isFirst ? ModelClusters.Voters(voters).Encode() : BitConverter.GetBytes(terms[i])));
        }
        Start(id);
    }

    /// <summary>The election timeout of nodes that are started from now on.</summary>
    public TimeSpan ElectionTimeout { get; set; } = TimeSpan.FromMilliseconds(250);

    public void Start(string id)
    {
        var seed = (ulong)(id[^1] + (97 * _nodes[id].Life));
        _nodes[id].Start(new RaftSettings { NodeId = id, Seed = seed, SnapshotChunkBytes = 64, MaxAppendBytes = 1000, TargetVoters = TargetVoters, ReplacedDiskTimeout = ReplacedDiskTimeout.Ticks, ElectionTimeout = ElectionTimeout.Ticks }, _now);
        Finish(id);
    }

    public void Crash(string id)
    {
        _nodes[id].Crash();
        _checker.Crashed(_nodes[id]);
    }

    public void Do(string id, Func<Moment, RaftEvent> input)
    {
        _nodes[id].Now = _now;
        _nodes[id].Step(input(_now));
        Finish(id);
    }

    /// <summary>Advances the time to the deadline of the node's core, and tells the core.</summary>
    public void Timeout(string id)
    {
        var deadline = Core(id).Deadline;
        Wait(Math.Max(0, deadline - _now.Ticks) / (double)TimeSpan.TicksPerMillisecond);
        Do(id, now => new TimePassed(now));
    }

    public void Wait(double milliseconds) =>
        _now = new Moment(_now.Ticks + (long)Math.Round(milliseconds * TimeSpan.TicksPerMillisecond), WallClockAfter(milliseconds));

    /// <summary>Sets the wall clock of all nodes, in Unix milliseconds; 0: they do not know the time.</summary>
    public void SetWallClock(long unixMs) => _now = _now with { UnixMs = unixMs };

    public void Propose(string id, params string[] commands) =>
        Do(id, now => new Proposed(now, [.. commands.Select(c => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(c))], null));

    public long Read(string id)
    {
        var read = ++_nextId;
        _checker.ReadBegins(_nodes[id], read);
        Do(id, now => new ReadRequested(now, read));
        return read;
    }

    public long Change(string id, MembershipChange change)
    {
        var request = ++_nextId;
        Do(id, now => new ChangeRequested(now, request, change));
        return request;
    }

    public long Transfer(string id, string? to)
    {
        var request = ++_nextId;
        Do(id, now => new TransferRequested(now, request, to));
        return request;
    }

    public Member NewMember(string id, MemberRole role) => new(id, $"{id}:1", _nodes[id].Incarnation, role);

    /// <param name="id">The node that takes the snapshot.</param>
    /// <param name="keep">The number of entries up to the snapshot that the log keeps.</param>
    /// <param name="keepForPeers">The maximum number of such entries that the log keeps for peers that are behind.</param>
    public void Snapshot(string id, long keep, long keepForPeers = long.MaxValue / 2)
    {
        _nodes[id].Now = _now;
        _nodes[id].TakeSnapshot(keep, keepForPeers);
        Finish(id);
    }

    public void SlowDisk(string id) => _slowDisks.Add(id);

    public void FastDisk(string id)
    {
        _slowDisks.Remove(id);
        WriteDisk(id);
    }

    public void WriteDisk(string id, int count = int.MaxValue)
    {
        _nodes[id].Now = _now;
        _nodes[id].Write(count);
        Finish(id);
    }

    public void Cut(string a, string b)
    {
        _cut.Add((a, b));
        _cut.Add((b, a));
    }

    public void Isolate(string id)
    {
        foreach (var other in _nodes.Keys)
            Cut(id, other);
    }

    public void Heal() => _cut.Clear();

    /// <summary>Delivers the messages that wait now; null stands for all nodes.</summary>
    public void Deliver(string? from = null, string? to = null)
    {
        var due = Take(from, to);
        foreach (var (sender, receiver, message) in due)
            Hand(sender, receiver, message);
    }

    public void Hand(string from, string to, RaftMessage message, Guid incarnation = default)
    {
        if (!_cut.Contains((from, to)) && _nodes.TryGetValue(to, out var node) && node.Core is not null)
            Do(to, now => new MessageReceived(now, from, message, incarnation));
    }

    public void Drop(string? from = null, string? to = null) => Take(from, to);

    /// <summary>Delivers messages until none is left.</summary>
    public void Settle()
    {
        for (var i = 0; i < 10_000 && _mail.Count > 0; i++)
            Deliver();
    }

    /// <summary>Delivers messages and fires deadlines for this time.</summary>
    public void Run(double milliseconds)
    {
        var end = _now.Ticks + (long)(milliseconds * TimeSpan.TicksPerMillisecond);
        while (true)
        {
            Settle();
            var next = _nodes.Values.Where(n => n.Core is not null).MinBy(n => n.Core!.Deadline);
            if (next is null || next.Core!.Deadline > end)
                break;
            Timeout(next.Id);
        }
        _now = new Moment(end, WallClockAfter(milliseconds));
    }

    /// <summary>Makes a node the leader of a cluster that is at rest.</summary>
    public void Elect(string id)
    {
        Wait(251);
        for (var i = 0; i < 5 && Core(id).Role != RaftRole.Leader; i++)
        {
            Timeout(id);
            Settle();
        }
        Timeout(id);
        Settle();
        if (!Core(id).CanServeReads)
            throw new InvalidOperationException($"{id} was not elected: {Core(id).Role} in term {Core(id).Term}");
    }

    public RequestCompleted? Completed(long id) => Effects.Select(e => e.Effect).OfType<RequestCompleted>().LastOrDefault(e => e.Id == id);

    public void Transmit(ModelNode from, string to, RaftMessage message)
    {
        _checker.Sent(from, to, message);
        _mail.Add((from.Id, to, message));
        Output.Append("  ").Append(from.Id[^1]).Append('>').Append(to[^1]).Append(' ').AppendLine(TranscriptText.Of(message));
    }

    public void Later(ModelNode node, Action work)
    {
        var life = node.Life;
        _later.Enqueue(() =>
        {
            if (node.Life == life)
                work();
        });
    }

    public void DiskHasWork(ModelNode node)
    {
        if (!_slowDisks.Contains(node.Id))
            Later(node, () => node.Write(int.MaxValue));
    }

    public void ApplierHasWork(ModelNode node) => Later(node, node.Apply);

    public void Observe(ModelNode node, RaftEffect effect)
    {
        Effects.Add((node.Id, effect));
        _checker.Observe(node, effect);
        if (TranscriptText.Of(effect) is { } text)
            Output.Append("  ").Append(node.Id).Append(": ").AppendLine(text);
    }

    public void Applied(ModelNode node, LogEntry? entry, long index, ulong state) => _checker.Applied(node, index, state);

    public string Describe(string id)
    {
        if (_nodes[id].Core is not { } core)
            return $"{id}: down";
        var log = string.Join(' ', Enumerable.Range((int)core.FirstIndex, (int)(core.LastIndex - core.FirstIndex + 1)).Select(i => $"{i}^{core.TermAt(i)}"));
        return $"{id}: {core.Role}, term {core.Term}, leader {core.LeaderId ?? "unknown"}, commit {core.CommitIndex}, log [{log}], members [{core.Configuration}]";
    }

    private long WallClockAfter(double milliseconds) => _now.UnixMs == 0 ? 0 : _now.UnixMs + (long)milliseconds;

    private void Finish(string id)
    {
        while (_later.TryDequeue(out var work))
            work();
        if (!ChecksSafety)
            return;
        _checker.AfterStep(_nodes[id]);
        _checker.CheckLogMatching();
    }

    private List<(string From, string To, RaftMessage Message)> Take(string? from, string? to)
    {
        bool Matches((string From, string To, RaftMessage) m) => (from is null || m.From == from) && (to is null || m.To == to);
        var taken = _mail.Where(Matches).ToList();
        _mail.RemoveAll(Matches);
        return taken;
    }
}
