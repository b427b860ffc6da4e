using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>
/// Three cores in virtual time. The links between A and C have a limited bandwidth. As a connection of the transport does, they keep the
/// order of bulk messages, lose nothing, and let urgent messages overtake bulk messages after each slice.
/// </summary>
internal sealed class SlowLinkWorld
{
    private const int SliceBytes = 16 * 1024;

    private readonly PriorityQueue<Action, (long At, long Order)> _queue = new();
    private readonly Dictionary<string, SlowLinkNode> _nodes = [];
    private readonly Dictionary<(string, string), Link> _links = [];
    private readonly Dictionary<string, long> _armed = [];
    private long _order;

    public SlowLinkWorld(double bytesPerSecond, double latencyMs, int entries, int entryBytes, long snapshotBytes)
    {
        SnapshotBytes = snapshotBytes;
        foreach (var (from, to) in new[] { ("A", "C"), ("C", "A") })
            _links[(from, to)] = new Link(bytesPerSecond, (long)(latencyMs * TimeSpan.TicksPerMillisecond));
        foreach (var id in new[] { "A", "B", "C" })
            _nodes[id] = new SlowLinkNode(id, this);
        var isBehind = (string id) => id == "C";
        foreach (var node in _nodes.Values)
        {
            var settings = new RaftSettings { NodeId = node.Id, Incarnation = ModelClusters.Incarnation(node.Id), Seed = node.Id[0] };
            var snapshotAt = snapshotBytes > 0 && !isBehind(node.Id) ? entries + 1 : 0;
            node.Start(settings, isBehind(node.Id) ? 0 : entries, entryBytes, snapshotAt);
        }
        // The measurement begins once A leads.
        Until(() => Leader is not null, TimeSpan.FromSeconds(10));
        var leader = Leader!;
        if (leader.Id == "B")
        {
            leader.Step(now => new TransferRequested(now, 1, "A"));
            Until(() => this["A"].Core.Role == RaftRole.Leader, TimeSpan.FromSeconds(10));
        }
        StartedAt = Now;
        TermAtStart = this["A"].Core.Term;
        BytesAtStart = SentBytes;
        MessagesHeard = 0;
    }

    public Moment Now { get; private set; } = new(TimeSpan.TicksPerSecond, 1_000_000);

    public long SnapshotBytes { get; }

    public Moment StartedAt { get; }

    public long TermAtStart { get; }

    public long BytesAtStart { get; }

    public long MessagesHeard { get; private set; }

    /// <summary>The bytes that the link from A to C has transmitted, with headers.</summary>
    public long SentBytes => _links[("A", "C")].Bytes;

    /// <summary>The longest time from sending an urgent message between A and C to its delivery.</summary>
    public TimeSpan LongestUrgentDelay { get; private set; }

    public SlowLinkNode this[string id] => _nodes[id];

    private SlowLinkNode? Leader => _nodes.Values.FirstOrDefault(n => n.Core.Role == RaftRole.Leader);

    /// <returns>Seconds until the condition held; null: it did not hold in time.</returns>
    public double? Until(Func<bool> holds, TimeSpan patience)
    {
        var start = Now.Ticks;
        while (!holds())
        {
            if (!_queue.TryDequeue(out var act, out var due) || due.At - start > patience.Ticks)
                return null;
            Now = new Moment(Math.Max(Now.Ticks, due.At), Math.Max(Now.Ticks, due.At) / TimeSpan.TicksPerMillisecond);
            act();
        }
        return (Now.Ticks - start) / (double)TimeSpan.TicksPerSecond;
    }

    public void At(long when, Action act) => _queue.Enqueue(act, (Math.Max(when, Now.Ticks), ++_order));

    public void Arm(SlowLinkNode node)
    {
        var due = node.Core.Deadline;
        if (due == Moment.Never || _armed.GetValueOrDefault(node.Id, Moment.Never) <= due && _armed.ContainsKey(node.Id))
            return;
        _armed[node.Id] = due;
        At(due, () =>
        {
            if (_armed.GetValueOrDefault(node.Id) != due)
                return;
            _armed.Remove(node.Id);
            if (Now.Ticks >= node.Core.Deadline)
                node.Step(now => new TimePassed(now));
            Arm(node);
        });
    }

    public void Transmit(SlowLinkNode from, string to, RaftMessage message)
    {
        if (_links.TryGetValue((from.Id, to), out var link))
            link.Add(this, message, () => Deliver(from.Id, to, message));
        else
            At(Now.Ticks + TimeSpan.TicksPerMillisecond / 10, () => Deliver(from.Id, to, message));
    }

    private void Deliver(string from, string to, RaftMessage message)
    {
        MessagesHeard++;
        _nodes[to].Step(now => new MessageReceived(now, from, message));
    }

    private sealed class Link(double bytesPerSecond, long latency)
    {
        private readonly Queue<(long Bytes, long Since, Action Deliver)> _urgent = new();
        private readonly Queue<(long Bytes, Action Deliver)> _bulk = new();
        private long _left;
        private bool _busy;

        public long Bytes { get; private set; }

        public void Add(SlowLinkWorld world, RaftMessage message, Action deliver)
        {
            // Headers of TCP, IP and Ethernet.
            var payload = MessageEncoder.FrameSize(message);
            var bytes = payload + ((payload / 1448) + 1) * 66;
            if (message.IsBulk)
                _bulk.Enqueue((bytes, deliver));
            else
                _urgent.Enqueue((bytes, world.Now.Ticks, deliver));
            if (!_busy)
                Next(world);
        }

        private void Next(SlowLinkWorld world)
        {
            _busy = true;
            if (_urgent.TryDequeue(out var urgent))
            {
                Take(world, urgent.Bytes, () =>
                {
                    var delay = new TimeSpan(world.Now.Ticks + latency - urgent.Since);
                    world.LongestUrgentDelay = delay > world.LongestUrgentDelay ? delay : world.LongestUrgentDelay;
                    world.At(world.Now.Ticks + latency, urgent.Deliver);
                });
            }
            else if (_bulk.TryPeek(out var bulk))
            {
                if (_left == 0)
                    _left = bulk.Bytes;
                var slice = Math.Min(_left, SliceBytes);
                _left -= slice;
                var isLast = _left == 0;
                if (isLast)
                    _bulk.Dequeue();
                Take(world, slice, () =>
                {
                    if (isLast)
                        world.At(world.Now.Ticks + latency, bulk.Deliver);
                });
            }
            else
            {
                _busy = false;
            }
        }

        private void Take(SlowLinkWorld world, long bytes, Action taken)
        {
            Bytes += bytes;
            world.At(world.Now.Ticks + (long)(bytes * TimeSpan.TicksPerSecond / bytesPerSecond), () =>
            {
                taken();
                Next(world);
            });
        }
    }
}
