using RaftKv.Embedded;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Transport;

namespace RaftKv.Simulation;

/// <summary>
/// The network, as wide as the contract of <see cref="ITransport"/> allows: messages of the protocol are lost, delayed, repeated and overtake each other;
/// those of forwarding are lost, but neither repeated nor out of order, as on one TCP connection at a time. Every message
/// goes through the real codec.
/// </summary>
internal sealed class SimNetwork(Simulation run)
{
    private const int MaxFrameBytes = 64 * 1024 * 1024;

    private readonly HashSet<(string From, string To)> _blocked = [];

    public bool IsQuiet { get; set; }

    public void Block(string from, string to) => _blocked.Add((from, to));

    public void Heal() => _blocked.Clear();

    private bool Passes(SimNode from, SimNode to) => !_blocked.Contains((from.Id, to.Id));

    private long Delay => run.Chance.Around(run.Swarm.NetworkDelay);

    public void Dial(SimLink link, long wait) => run.Time.After(run.Chance.Around(wait), () =>
    {
        if (!link.IsAlive || link.IsConnected)
            return;
        var target = run.NodeAt(link.Peer.Address);
        if (!target.IsListening || !Passes(link.From, target) || !Passes(target, link.From))
            Dial(link, 100 * VirtualTime.Millisecond);
        else
            run.Time.After(Delay, () => Introduce(link, target));
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
        var hello = link.From.Gate.Identity with { TargetNodeId = link.Peer.NodeId, TargetIncarnation = link.Peer.Incarnation };
        var verdict = HandshakeVerdict.Unavailable;
        target.Run("handshake", () =>
        {
            try
            {
                verdict = target.Gate.OnHello(hello);
            }
            catch (RaftKvStorageException) when (target.MayFault)
            {
                // The transport ends such a connection, and is dialled again.
            }
        });
        if (!target.IsListening || verdict != HandshakeVerdict.Welcome)
        {
            Dial(link, 300 * VirtualTime.Millisecond);
            return;
        }
        var answer = target.Gate.Identity;
        var life = target.Life;
        run.Time.After(Delay, () =>
        {
            if (!link.IsAlive)
                return;
            var own = link.From.Identity.ClusterId;
            if (target.Life != life || !target.IsListening || !Passes(target, link.From)
                || (link.Peer.Incarnation != Guid.Empty && answer.Incarnation != link.Peer.Incarnation) || (answer.ClusterId != Guid.Empty && answer.ClusterId != own))
            {
                Dial(link, 300 * VirtualTime.Millisecond);
                return;
            }
            link.IsConnected = true;
            link.Connection++;
            link.ToLife = life;
            link.From.Gate.OnConnected(answer);
            link.From.Schedule();
        });
    }

    public void Transmit(SimLink link, byte[] frame)
    {
        var target = run.NodeAt(link.Peer.Address);
        var type = (FrameType)frame[4];
        var isRaft = type < FrameType.ForwardWrites;
        if (!Passes(link.From, target) || (!IsQuiet && run.Chance.Percent(run.Swarm.LossPercent)))
            return;
        var at = run.Time.Now + Delay;
        if (isRaft && !IsQuiet)
        {
            if (run.Chance.Percent(run.Swarm.LatePercent))
                at += run.Chance.Between(1, 300) * VirtualTime.Millisecond;
            if (run.Chance.Percent(run.Swarm.DuplicatePercent))
                Deliver(link, target, frame, at + run.Chance.Between(0, 100) * VirtualTime.Millisecond, isRaft);
        }
        if (!isRaft || run.Swarm.LatePercent == 0)
            at = link.LastDelivery = Math.Max(at, link.LastDelivery);
        Deliver(link, target, frame, at, isRaft);
    }

    private void Deliver(SimLink link, SimNode target, byte[] frame, long at, bool isRaft)
    {
        var (connection, toLife) = (link.Connection, link.ToLife);
        run.Time.At(at, () =>
        {
            if (!target.IsListening || target.Life != toLife || !Passes(link.From, target))
                return;
            // A newer connection waits for the older one, whose last messages may have been lost.
            if (!isRaft && (link.Connection != connection || link.IsClosed))
                return;
            Frame.ReadHeader(frame, MaxFrameBytes, out var type);
            var message = MessageCodec.Read(type, Frame.Open(frame.ToArray())) ?? throw new InvalidOperationException($"no decoder for {type}");
            if (run.Transcript.IsOn)
                run.Transcript.Add(target.Id, $"<- {link.From.Id} {Describe(message)}");
            target.Gate.OnMessage(link.From.Id, message);
            target.Schedule();
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
        link.Unsent.Clear();
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

    /// <summary>The process is gone: its peers find out soon.</summary>
    public void OnDown(SimNode node)
    {
        foreach (var link in node.Transport.Links)
            run.Time.After(Delay, () => Reset(link, reset: true));
        foreach (var peer in run.Nodes)
        {
            if (peer == node || !peer.IsUp)
                continue;
            foreach (var link in peer.Transport.Links)
            {
                if (link.Peer.NodeId == node.Id && link.IsConnected)
                    run.Time.After(Delay, () => Reset(link, reset: true));
            }
        }
    }

    private void Tell(SimNode node, int life, string peer, bool reset)
    {
        if (!node.IsListening || node.Life != life)
            return;
        node.Gate.OnDisconnected(peer, reset);
        node.Schedule();
    }

    public Task<PeerHello> Probe(SimNode from, string address, TimeSpan timeout)
    {
        // Continues inline, on the one thread there is.
        var answer = new TaskCompletionSource<PeerHello>();
        var target = run.NodeAt(address);
        var life = from.Life;
        run.Time.After(Delay, () =>
        {
            var hello = target.IsListening && target.PausedUntil <= run.Time.Now && Passes(from, target) && Passes(target, from) ? target.Gate.Identity : null;
            run.Time.After(hello is null ? timeout.Ticks : Delay, () =>
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
