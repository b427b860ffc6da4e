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
        Replica = new Replica(new ReplicaParts(ports, ClusterBootstrap, LogWriter, Applier, Reader, Snapshotter));
        Admission = new PeerAdmission(Replica, ports.Paused ?? Replica.Turns.TakeTurn, ports.Identity, ClusterBootstrap, Contacts,
            ports.Process, ports.Options,
            () => ports.Transport.AdvertisedAddress, ports.Age);
    }

    public Replica Replica { get; }

    public Applier Applier { get; }

    public LogWriter LogWriter { get; }

    /// <inheritdoc cref="ReplicaParts.Reader"/>
    public Worker Reader { get; }

    /// <inheritdoc cref="ReplicaParts.Snapshotter"/>
    public Worker Snapshotter { get; }

    public ClusterBootstrap ClusterBootstrap { get; }

    public ContactPoints Contacts { get; }

    public PeerAdmission Admission { get; }

    /// <summary>Any thread. The node stops taking part.</summary>
    public void Fault(Exception error) => Replica.Post(new FaultHappened(error));
}
