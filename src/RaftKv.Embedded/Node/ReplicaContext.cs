using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// What the collaborators of a replica share: its parts, the core, the time of the turn. Used by the holder of the turn, unless a
/// member says otherwise.
/// </summary>
internal sealed class ReplicaContext
{
    /// <summary>How often deadlines of callers are checked, in ticks.</summary>
    public static readonly long SweepInterval = TimeSpan.FromMilliseconds(20).Ticks;

    private readonly TurnScheduler _turns;
    private long _lastRequestId;
    private volatile bool _isClosed;

    public ReplicaContext(ReplicaParts parts, TurnScheduler turns)
    {
        (Parts, Ports, _turns) = (parts, parts.Ports, turns);
        Now = Clock.Now;
        // Begins at random: an answer to a request of the process before a restart matches no request of this process.
        _lastRequestId = (long)(new Prng(Ports.Settings.Seed).Next() >> 2);
        IsSingleNode = BootstrapMode.Of(Options) == RaftKvBootstrap.SingleNode;
    }

    public ReplicaParts Parts { get; }

    public ReplicaPorts Ports { get; }

    public RaftKvOptions Options => Ports.Options;

    public ReplicaClock Clock => Ports.Clock;

    public ILogger Log => Ports.Log;

    /// <summary>The options name no other node: the first write bootstraps a cluster of one.</summary>
    public bool IsSingleNode { get; }

    /// <summary>The time of the turn.</summary>
    public Moment Now { get; set; }

    /// <summary><c>null</c> while the node has no cluster.</summary>
    public RaftCore? Core { get; set; }

    /// <summary>Carries out the effects of a step; set once by the loop.</summary>
    public Action CarryOut { get; set; } = static () => { };

    /// <summary>The effects of the step that was taken last.</summary>
    public List<RaftEffect> Effects { get; } = [];

    /// <summary>The node takes no new calls, because it is about to stop.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Any thread. Every call is refused: the node has stopped, or it is faulted.</summary>
    public bool IsClosed { get => _isClosed; set => _isClosed = value; }

    /// <summary>How many callers the newest batch of writes or reads had.</summary>
    public int LastBatch { get; set; }

    public string NodeId => Options.NodeId;

    public Applier Applier => Parts.Applier;

    public ITransport Transport => Ports.Transport;

    public LocalIdentity Identity => Ports.Identity;

    public LogWriter LogWriter => Parts.LogWriter;

    public SnapshotStore Snapshots => Ports.Snapshots;

    public Wal Wal => Ports.Wal;

    public bool Leads => Core is { Role: RaftRole.Leader };

    public bool KnowsLeader => Core is { LeaderId: not null };

    public bool IsRemoved => Core is { Role: RaftRole.Removed };

    /// <summary>Any thread. The node has no cluster and waits for none: its first write bootstraps a cluster of one.</summary>
    public bool IsAlone => IsSingleNode && Identity.ClusterId == Guid.Empty;

    /// <summary>Any thread. Takes a turn for the input soon.</summary>
    public void Post(ReplicaInput input) => _turns.Post(input);

    public long NextRequestId() => ++_lastRequestId;

    /// <summary>Steps the core, and carries out the effects.</summary>
    public void Step(RaftEvent input)
    {
        if (Core is null)
            return;
        Core.Step(input, Effects);
        CarryOut();
    }
}
