using RaftKv.Embedded;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Simulation;

/// <summary>
/// The network, with all the freedom that the contract of <see cref="ITransport"/> allows: messages of the protocol are lost, delayed,
/// repeated and overtake each other; those of forwarding are lost, but neither repeated nor out of order, as on one TCP connection at a
/// time. Every message goes through the real codec.
/// </summary>
internal sealed class SimNetwork(Simulation run)
{
    private const int MaxFrameBytes = 64 * 1024 * 1024;

    /// <summary>The typical time from a lost message to the end of the connection.</summary>
    private const long LossToReset = 200 * VirtualTime.Millisecond;

    private readonly Dictionary<(string From, string To), long> _blockedUntil = [];
    private readonly Dictionary<(string From, string To), (long Until, long Delay)> _slow = [];
    private readonly Dictionary<(string From, string To), SimRandom> _chances = [];
    private readonly Dictionary<(string From, string To), (long Until, long Rate)> _throttled = [];

    public bool IsQuiet { get; set; }

    /// <summary>Messages that were lost, late or repeated at random, not by an injected fault.</summary>
    public (long Lost, long Late, long Repeated) Disturbed { get; private set; }

    /// <summary>Nothing passes before <paramref name="until"/>.</summary>
    public void Block(SimNode from, SimNode to, long until) =>
        _blockedUntil[(from.Id, to.Id)] = Math.Max(until, _blockedUntil.GetValueOrDefault((from.Id, to.Id)));

    /// <summary>Nothing passes in either direction.</summary>
    public void Part(SimNode one, SimNode other, long until)
    {
        Block(one, other, until);
        Block(other, one, until);
    }

    /// <summary>Nothing passes to or from it.</summary>
    public void Isolate(SimNode node, long until)
    {
        foreach (var other in run.Nodes.Where(n => n != node))
            Part(node, other, until);
    }

    /// <summary>Messages between the two pass again.</summary>
    public void Join(SimNode one, SimNode other)
    {
        _blockedUntil.Remove((one.Id, other.Id));
        _blockedUntil.Remove((other.Id, one.Id));
    }

    /// <summary>Connections between the two break.</summary>
    public void ResetBetween(SimNode one, SimNode other)
    {
        if (!one.IsListening || !other.IsListening)
            return;
        foreach (var link in one.Transport.Links.Where(l => l.Peer.NodeId == other.Id).Concat(other.Transport.Links.Where(l => l.Peer.NodeId == one.Id)).ToList())
            Reset(link, reset: true);
    }

    /// <summary>What is sent before <paramref name="until"/> takes longer.</summary>
    public void Slow(SimNode from, SimNode to, long until, long delay) => _slow[(from.Id, to.Id)] = (until, delay);

    /// <summary>What is sent before <paramref name="until"/> has less bandwidth, in bytes per second.</summary>
    public void Throttle(SimNode from, SimNode to, long until, long rate) => _throttled[(from.Id, to.Id)] = (until, rate);

    /// <summary>
    /// Connections begun, made or lost anywhere, and refusals of forwarded writes: a write may be given to the leader again after one.
    /// </summary>
    public long Breaks { get; private set; }

    public void Heal()
    {
        _blockedUntil.Clear();
        _slow.Clear();
        _throttled.Clear();
    }

    public void OnForwarded(SimNode node, ForwardWrites writes) => run.OneEntryPerWrite.OnForwarded(node, writes);

    public void OnReplying(SimNode node) => run.OperatorAnswers.OnReplying(node);

    public SimPipe PipeOf(SimLink link) => new(run.Time, frame => Depart(link, frame));

    private long RateOf(SimLink link) =>
        _throttled.Count > 0 && _throttled.TryGetValue((link.From.Id, link.Peer.NodeId), out var throttled)
            && run.Time.Now < throttled.Until ? throttled.Rate : run.Swarm.Bandwidth;

    public SimRandom ChanceBetween(string from, string to)
    {
        if (!_chances.TryGetValue((from, to), out var chance))
            _chances[(from, to)] = chance = run.Random.Fork($"{from} to {to}");
        return chance;
    }

    private bool Passes(SimNode from, SimNode to) => _blockedUntil.Count == 0 || _blockedUntil.GetValueOrDefault((from.Id, to.Id)) <= run.Time.Now;

    private long DelayOf(SimLink link) => link.Random.Around(run.Swarm.NetworkDelay);

    public void Dial(SimLink link, long wait) => run.Time.After(link.Random.Around(wait), () =>
    {
        if (!link.IsAlive || link.IsConnected)
            return;
        var target = run.NodeAt(link.Peer.Address);
        if (!target.IsListening || !Passes(link.From, target) || !Passes(target, link.From))
            Dial(link, 100 * VirtualTime.Millisecond);
        else
            run.Time.After(DelayOf(link), () => Introduce(link, target));
    });

    private void Introduce(SimLink link, SimNode target)
    {
        if (!link.IsAlive)
            return;
        if (!target.IsListening || target.PausedUntil > run.Time.Now)
        {
            Dial(link, 100 * VirtualTime.Millisecond);
            return;
        }
        Breaks++;
        var hello = link.From.Admission.Identity with { TargetNodeId = link.Peer.NodeId, TargetIncarnation = link.Peer.Incarnation };
        var verdict = HandshakeVerdict.Unavailable;
        target.Run("handshake", () =>
        {
            try
            {
                verdict = target.Admission.OnHello(hello);
            }
            catch (RaftKvStorageException e) when (target.MayFault || (run.Swarm.SmallDisks && e.Error == RaftKvStorageError.DiskFull))
            {
                // The transport ends such a connection, and is dialled again.
            }
        });
        if (!target.IsListening)
        {
            Dial(link, 300 * VirtualTime.Millisecond);
            return;
        }
        var (answer, life) = (target.Admission.Identity, target.Life);
        run.Time.After(DelayOf(link), () => Answer(link, target, life, answer, verdict));
    }

    private void Answer(SimLink link, SimNode target, int life, PeerHello answer, HandshakeVerdict verdict)
    {
        if (!link.IsAlive)
            return;
        if (target.Life != life || !target.IsListening || !Passes(target, link.From))
        {
            Dial(link, 300 * VirtualTime.Millisecond);
            return;
        }
        if (verdict == HandshakeVerdict.Welcome)
            verdict = answer.JudgeAs(link.Peer, link.From.Identity.ClusterId);
        if (verdict == HandshakeVerdict.Welcome)
            verdict = link.From.Admission.OnAnswer(answer);
        if (verdict == HandshakeVerdict.Welcome)
        {
            link.IsConnected = true;
            link.Connection++;
            Breaks++;
            link.Sent.Begin(link.Connection);
            link.ToLife = life;
            link.From.Admission.OnConnected(answer, link.Peer.Address);
        }
        else
        {
            link.From.Admission.OnTurnedAway(link.Peer, answer, verdict, link.Peer.Address);
            Dial(link, 300 * VirtualTime.Millisecond);
        }
        link.From.Schedule();
    }

    public void Transmit(SimLink link, byte[] frame, bool isBulk)
    {
        link.Pipe.Rate = RateOf(link);
        if (link.Pipe.Rate == 0 && link.Pipe.IsEmpty)
            Depart(link, frame);
        else
            link.Pipe.Add(frame, isBulk);
    }

    private void Depart(SimLink link, byte[] frame)
    {
        var target = run.NodeAt(link.Peer.Address);
        var type = (FrameType)frame[4];
        var isRaft = type < FrameType.ForwardWrites;
        if (!Passes(link.From, target))
        {
            OnLost(link, isRaft);
            return;
        }
        var chance = link.Random;
        if (!IsQuiet && chance.Percent(run.Swarm.LossPercent))
        {
            Disturbed = Disturbed with { Lost = Disturbed.Lost + 1 };
            OnLost(link, isRaft);
            return;
        }
        var at = run.Time.Now + DelayOf(link);
        if (_slow.Count > 0 && _slow.TryGetValue((link.From.Id, target.Id), out var slow) && run.Time.Now < slow.Until)
            at += slow.Delay;
        if (isRaft && !IsQuiet)
        {
            if (chance.Percent(run.Swarm.LatePercent))
            {
                Disturbed = Disturbed with { Late = Disturbed.Late + 1 };
                at += chance.Between(1, 300) * VirtualTime.Millisecond;
            }
            if (chance.Percent(run.Swarm.DuplicatePercent))
            {
                Disturbed = Disturbed with { Repeated = Disturbed.Repeated + 1 };
                Deliver(link, target, [.. frame], at + chance.Between(0, 100) * VirtualTime.Millisecond, isRaft);
            }
        }
        if (!isRaft || run.Swarm.LatePercent == 0)
            at = link.LastDelivery = Math.Max(at, link.LastDelivery);
        Deliver(link, target, frame, at, isRaft);
    }

    /// <param name="frame">Belongs to the receiver from then on.</param>
    private void Deliver(SimLink link, SimNode target, byte[] frame, long at, bool isRaft)
    {
        var (connection, toLife) = (link.Connection, link.ToLife);
        run.Time.At(at, () =>
        {
            if (!target.IsListening || target.Life != toLife || !Passes(link.From, target))
            {
                OnLost(link, isRaft);
                return;
            }
            // A newer connection waits for the older one, whose last messages may have been lost.
            if (!isRaft && (link.Connection != connection || link.IsClosed))
                return;
            Frame.ReadHeader(frame, MaxFrameBytes, out var type);
            var message = MessageDecoder.Read(type,
                Frame.Open(frame)) ?? throw new InvalidOperationException($"no decoder for {type}");
            if (run.Transcript.IsOn)
                run.Transcript.Add(target.Id, $"<- {link.From.Id} {Describe(message)}");
            if (message is ForwardRefused)
                Breaks++;
            target.Admission.OnMessage(new PeerHello { NodeId = link.From.Id, Incarnation = link.Incarnation, ClusterId = link.ClusterId },
                message);
            target.Schedule();
        });
    }

    /// <summary>
    /// TCP loses messages only with the connection. The core tolerates more than that; the forwarding of writes relies on it.
    /// </summary>
    private void OnLost(SimLink link, bool isRaft)
    {
        link.Sent.Excuse();
        if (isRaft)
            return;
        var connection = link.Connection;
        run.Time.After(link.Random.Around(LossToReset), () =>
        {
            if (link.Connection == connection)
                Reset(link, reset: false);
        });
    }

    private static string Describe(PeerMessage message) => message switch
    {
        AppendEntries m => $"append t{m.Term} prev {m.Previous.Index}/{m.Previous.Term} +{m.Entries.Length} commit {m.Commit} round {m.Round} lease {m.LeaseMs}",
        ForwardWrites m => $"forward {m.Commands.Count}",
        InstallSnapshot m => $"snapshot t{m.Term} {m.Last} {m.Offset}+{m.Data.Length}/{m.TotalBytes}",
        _ => message.ToString()!,
    };

    /// <summary>A connection is lost; both ends notice.</summary>
    public void Reset(SimLink link, bool reset)
    {
        if (!link.IsConnected)
            return;
        link.IsConnected = false;
        Breaks++;
        link.Unsent.Clear();
        link.Pipe.Clear();
        Tell(link.From, link.FromLife, link.Peer.NodeId, reset);
        Tell(run.NodeAt(link.Peer.Address), link.ToLife, link.From.Id, reset);
        if (link.IsAlive)
            Dial(link, 20 * VirtualTime.Millisecond);
    }

    public void Close(SimLink link)
    {
        Reset(link, reset: true);
        link.IsClosed = true;
    }

    /// <summary>Ends the connections that peers have dialled to a node.</summary>
    public void HangUp(SimNode node)
    {
        foreach (var peer in run.Nodes)
        {
            if (peer == node || !peer.IsUp)
                continue;
            foreach (var link in peer.Transport.Links.Where(l => l.Peer.NodeId == node.Id))
                Reset(link, reset: true);
        }
    }

    /// <summary>The introduction of a node that another one asks; <c>null</c> when the node cannot be reached.</summary>
    public PeerHello? Peek(SimNode from, SimNode to) =>
        to.IsListening && to.PausedUntil <= run.Time.Now && Passes(from, to) && Passes(to, from) ? to.Admission.Identity : null;

    /// <summary>A node without a cluster asks another one to have it admitted.</summary>
    public void AskToJoin(SimNode from, SimNode to)
    {
        var hello = from.Admission.Identity with { WantsToJoin = true };
        run.Time.After(ChanceBetween(from.Id, to.Id).Around(run.Swarm.NetworkDelay), () =>
        {
            if (to.IsListening && to.PausedUntil <= run.Time.Now && Passes(from, to))
                to.Run("probe", () => to.Admission.OnHello(hello));
        });
    }

    /// <summary>The process is gone: its peers find out soon.</summary>
    public void OnDown(SimNode node)
    {
        foreach (var link in node.Transport.Links)
            run.Time.After(DelayOf(link), () => Reset(link, reset: true));
        foreach (var peer in run.Nodes)
        {
            if (peer == node || !peer.IsUp)
                continue;
            foreach (var link in peer.Transport.Links)
            {
                if (link.Peer.NodeId == node.Id && link.IsConnected)
                    run.Time.After(DelayOf(link), () => Reset(link, reset: true));
            }
        }
    }

    private void Tell(SimNode node, int life, string peer, bool reset)
    {
        if (!node.IsListening || node.Life != life)
            return;
        node.Admission.OnDisconnected(peer, reset);
        node.Schedule();
    }

    public Task<PeerHello> Probe(SimNode from, string address, TimeSpan timeout)
    {
        // Continues inline, on the one thread there is.
        var answer = new TaskCompletionSource<PeerHello>();
        var target = run.NodeAt(address);
        var life = from.Life;
        var delay = ChanceBetween(from.Id, target.Id).Around(run.Swarm.NetworkDelay);
        run.Time.After(delay, () =>
        {
            var hello = target.IsListening && target.PausedUntil <= run.Time.Now && Passes(from, target)
                && Passes(target, from) ? target.Admission.Identity : null;
            run.Time.After(hello is null ? timeout.Ticks : delay, () =>
            {
                if (!from.IsUp || from.Life != life)
                    return;
                if (hello is null)
                    answer.SetException(new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, "no answer in time"));
                else
                    answer.SetResult(hello);
                from.Schedule();
            });
        });
        return answer.Task;
    }
}
