namespace RaftKv.Embedded.Node;

/// <summary>
/// The parts of a node, built from its ports and wired to each other: for the product, whose threads run them, and for the simulator, which
/// runs them itself. Starts nothing.
/// </summary>
internal sealed class ReplicaAssembly
{
    public ReplicaAssembly(ReplicaPorts ports)
    {
        ClusterBootstrap = new ClusterBootstrap(ports.Identity, ports.Wal, ports.Clock);
        Contacts = new ContactPoints(ports.Options);
        var answers = new WriteAnswers(ports.Pending) { Nonce = ports.SessionNonce };
        Applier = new Applier(ports.Wal, answers, ports.State, ports.Changes) { Applying = ports.Applying };
        LogWriter = new LogWriter(ports.Wal);
        var failed = ports.ThreadFailed ?? Fault;
        Reader = new Worker(failed);
        Snapshotter = new Worker(failed);
        Replica = new Replica(Dependencies(ports), ports.Options, ports.Clock, ports.Log);
        Admission = new PeerAdmission(Replica, ports.Paused ?? Replica.Turns.TakeTurn, ports.Identity, ClusterBootstrap, Contacts,
            ports.Process, ports.Options,
            () => ports.Transport.AdvertisedAddress, ports.Age);
    }

    public Replica Replica { get; }

    public Applier Applier { get; }

    public LogWriter LogWriter { get; }

    /// <summary>
    /// Reads old log entries and snapshot pieces for followers, measures the disk, and saves what is remembered of peers.
    /// </summary>
    public Worker Reader { get; }

    /// <summary>Writes, receives and installs snapshots.</summary>
    public Worker Snapshotter { get; }

    public ClusterBootstrap ClusterBootstrap { get; }

    public ContactPoints Contacts { get; }

    public PeerAdmission Admission { get; }

    /// <summary>Any thread. The node stops taking part.</summary>
    public void Fault(Exception error) => Replica.Post(new FaultHappened(error));

    private ReplicaDependencies Dependencies(ReplicaPorts ports) => new()
    {
        Identity = ports.Identity,
        ClusterBootstrap = ClusterBootstrap,
        Wal = ports.Wal,
        Snapshots = ports.Snapshots,
        LogWriter = LogWriter,
        Applier = Applier,
        Pending = ports.Pending,
        Transport = ports.Transport,
        Reader = Reader,
        Snapshotter = Snapshotter,
        Stores = ports.Stores,
        ShutdownToken = ports.ShutdownToken,
        Disk = ports.Disk,
        Telemetry = ports.Telemetry,
        Stalls = ports.Stalls,
        Bootstrap = ports.Bootstrap,
        Age = ports.Age,
        OpenedAt = ports.OpenedAt,
        ServedBefore = ports.ServedBefore,
        Settings = ports.Settings,
    };
}
