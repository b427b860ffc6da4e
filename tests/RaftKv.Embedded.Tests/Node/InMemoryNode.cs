using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Tests.Storage;
using RaftKv.Embedded.Transport;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A node without threads, sockets and files. Its parts run when the test says so.</summary>
internal sealed class InMemoryNode
{
    private const int SegmentBytes = 64 * 1024;

    private readonly ReplicaAssembly _assembly;
    private readonly ReplicaClock _clock;
    private readonly RaftKvOptions _options;

    /// <param name="bootstrap">How the node gets a cluster.</param>
    /// <param name="watchesDisk">Whether the node measures its disk.</param>
    /// <param name="countsStarts">Whether the directory counts its starts, so that a peer can tell an older copy of it.</param>
    /// <param name="wasUsed">Whether an earlier process created the directory.</param>
    /// <param name="initialMembers">The initial members, each at port 1 of the host of its name.</param>
    public InMemoryNode(RaftKvBootstrap bootstrap = RaftKvBootstrap.SingleNode, bool watchesDisk = false, bool countsStarts = false,
        bool wasUsed = false, params string[] initialMembers)
    {
        _options = new RaftKvOptions { NodeId = "a", DataDirectory = "/data", Bootstrap = bootstrap };
        foreach (var member in initialMembers)
            _options.InitialMembers.Add(new RaftKvMember { NodeId = member, Address = $"{member}:1" });
        _clock = new ReplicaClock(Time);
        var directory = DataDirectory.Open(Files, "/data");
        if (wasUsed)
            LocalIdentity.Open(Files, directory.Root, _options.NodeId);
        Identity = LocalIdentity.Open(Files, directory.Root, _options.NodeId);
        var snapshots = new SnapshotStore(Files, directory.Snapshots);
        var state = StartupRecovery.LoadState(snapshots, _ => new DictionaryKvStore(), NullLogger.Instance);
        var wal = Wal.Open(Files, directory.Wal, new WalOptions { SegmentBytes = SegmentBytes, PrepareInBackground = false }, out _);
        _assembly = new ReplicaAssembly(new ReplicaPorts
        {
            Options = _options,
            Clock = _clock,
            Log = NullLogger.Instance,
            Identity = Identity,
            Wal = wal,
            Snapshots = snapshots,
            Stores = _ => new DictionaryKvStore { HasRoom = () => StoreRoom-- > 0 },
            State = state,
            Changes = new ChangeFeed(state, 1024, 1024),
            Pending = new PendingWrites(),
            SessionNonce = Guid.NewGuid(),
            Applying = static _ => { },
            Transport = Transport,
            Settings = CoreSettings.From(_options, Identity.Incarnation, seed: 1),
            ShutdownToken = CancellationToken.None,
            Disk = watchesDisk ? new DiskParts(MeasureDisk, VolumeBytes: 16L * 1024 * 1024 * 1024, SegmentBytes) : null,
            Age = countsStarts ? DirectoryAge.Open(Files, directory.Root, startId: 1, recovered: null) : null,
        });
    }

    public FakeTransport Transport { get; } = new();

    public MemoryFileSystem Files { get; } = new();

    public LocalIdentity Identity { get; }

    public ManualTime Time { get; } = new();

    public Replica Replica => _assembly.Replica;

    public TimeSpan RequestTimeout => _options.RequestTimeout;

    public Applier Applier => _assembly.Applier;

    public PeerAdmission Admission => _assembly.Admission;

    public ClusterBootstrap ClusterBootstrap => _assembly.ClusterBootstrap;

    public long FreeDiskBytes { get; set; } = long.MaxValue;

    /// <summary>Whether measuring the free disk space fails.</summary>
    public bool DiskFails { get; set; }

    /// <summary>How many changes the stores that snapshots are loaded into have room for.</summary>
    public long StoreRoom { get; set; } = long.MaxValue;

    /// <summary>Delivers a message of a peer.</summary>
    public void Receive(PeerHello from, PeerMessage message) => Replica.PostMessage(from, message);

    /// <summary>Runs every part until none has work.</summary>
    public void Run()
    {
        for (var isBusy = true; isBusy;)
        {
            isBusy = Replica.HasWork || _assembly.LogWriter.HasWork || _assembly.Applier.HasWork || _assembly.Reader.HasWork
                || _assembly.Snapshotter.HasWork;
            Replica.RunOnce();
            _assembly.LogWriter.RunOnce();
            _assembly.Applier.RunOnce();
            _assembly.Reader.RunOnce();
            _assembly.Snapshotter.RunOnce();
        }
    }

    public void RunFor(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(50);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            Time.Advance(step);
            Run();
        }
    }

    /// <summary>A peer that answers probes, and that this node, the leader, is asked to add as a learner.</summary>
    public PeerHello AddLearner(string nodeId)
    {
        var peer = new PeerHello { NodeId = nodeId, Incarnation = Guid.NewGuid(), FeatureLevel = 100 };
        Transport.Answers[$"{nodeId}:1"] = peer;
        Replica.Post(new AdminCall { Operation = AdminOperation.AddLearner, NodeId = nodeId, Address = $"{nodeId}:1" });
        return peer;
    }

    public Task<KvWriteResult> Set(string key, int valueBytes = 1)
    {
        var name = Encoding.UTF8.GetBytes(key);
        var command = new byte[KvCommand.SetBytes(name.Length, valueBytes)];
        KvCommand.WriteSet(command, KvCondition.Always, name, new byte[valueBytes]);
        return Post(command);
    }

    public Task<KvWriteResult> Set(string key, KvLifetime lifetime)
    {
        var name = Encoding.UTF8.GetBytes(key);
        var command = new byte[KvCommand.SetBytes(name.Length, 1) + KvLifetime.Bytes];
        KvCommand.WriteSet(command, KvCondition.Always, lifetime, name, [1]);
        return Post(command);
    }

    public Task<KvWriteResult> Delete(string key)
    {
        var name = Encoding.UTF8.GetBytes(key);
        var command = new byte[KvCommand.DeleteBytes(name.Length)];
        KvCommand.WriteDelete(command, KvCondition.Always, name);
        return Post(command);
    }

    public ReadBatch Read()
    {
        var batch = Replica.JoinReads(out var isNew);
        if (isNew)
            Replica.Post(batch);
        return batch;
    }

    private long MeasureDisk() =>
        DiskFails ? throw new RaftKvStorageException(RaftKvStorageError.Io, "The disk cannot be asked.") : FreeDiskBytes;

    private Task<KvWriteResult> Post(byte[] command)
    {
        var write = new WriteOperation(command, _clock.Ticks + RequestTimeout.Ticks, static _ => { });
        var result = write.Start(CancellationToken.None).AsTask();
        Replica.Post(write);
        return result;
    }
}
