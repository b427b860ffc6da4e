using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Tests.Storage;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A node without threads, sockets and files: its parts run when the test says so.</summary>
internal sealed class InMemoryNode
{
    private const int SegmentBytes = 64 * 1024;

    private readonly ManualTime _time = new();
    private readonly ReplicaAssembly _assembly;
    private readonly ReplicaClock _clock;
    private readonly RaftKvOptions _options;

    public InMemoryNode(RaftKvBootstrap bootstrap = RaftKvBootstrap.SingleNode, bool watchesDisk = false)
    {
        _options = new RaftKvOptions { NodeId = "a", DataDirectory = "/data", Bootstrap = bootstrap };
        _clock = new ReplicaClock(_time);
        var files = new MemoryFileSystem();
        var directory = DataDirectory.Open(files, "/data");
        var identity = LocalIdentity.Open(files, directory.Root, _options.NodeId);
        var snapshots = new SnapshotStore(files, directory.Snapshots);
        var state = StartupRecovery.LoadState(snapshots, _ => new DictionaryKvStore(), NullLogger.Instance);
        var wal = Wal.Open(files, directory.Wal, new WalOptions { SegmentBytes = SegmentBytes, PrepareInBackground = false }, out _);
        _assembly = new ReplicaAssembly(new ReplicaPorts
        {
            Options = _options,
            Clock = _clock,
            Log = NullLogger.Instance,
            Identity = identity,
            Wal = wal,
            Snapshots = snapshots,
            Stores = _ => new DictionaryKvStore(),
            State = state,
            Changes = new ChangeFeed(state, 1024, 1024),
            Pending = new PendingWrites(),
            SessionNonce = Guid.NewGuid(),
            Applying = static _ => { },
            Transport = Transport,
            Settings = CoreSettings.From(_options, identity.Incarnation, seed: 1),
            ShutdownToken = CancellationToken.None,
            Disk = watchesDisk ? new DiskParts(() => FreeDiskBytes, VolumeBytes: 16L * 1024 * 1024 * 1024, SegmentBytes) : null,
        });
    }

    public FakeTransport Transport { get; } = new();

    public Replica Replica => _assembly.Replica;

    public TimeSpan RequestTimeout => _options.RequestTimeout;

    public long FreeDiskBytes { get; set; } = long.MaxValue;

    /// <summary>Every part does what it has to do, until none has.</summary>
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
            _time.Advance(step);
            Run();
        }
    }

    public Task<KvWriteResult> Set(string key)
    {
        var name = Encoding.UTF8.GetBytes(key);
        var command = new byte[KvCommand.SetBytes(name.Length, 1)];
        KvCommand.WriteSet(command, KvCondition.Always, name, [1]);
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

    private Task<KvWriteResult> Post(byte[] command)
    {
        var write = new WriteOperation(command, _clock.Ticks + RequestTimeout.Ticks, static _ => { });
        var result = write.Start(CancellationToken.None).AsTask();
        Replica.Post(write);
        return result;
    }
}
