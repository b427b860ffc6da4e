using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The data directory of a node: opened as a whole, with what the node starts from. With <see cref="RaftKvDurability.Memory"/> each start
/// makes an empty one in memory, with a new identity: for the cluster it is a node whose disk was replaced.
/// </summary>
internal sealed class ReplicaStorage : IDisposable
{
    /// <summary>The root of the files with <see cref="RaftKvDurability.Memory"/>: no directory of the machine.</summary>
    private const string InMemoryRoot = "memory";

    private readonly Stack<IDisposable> _opened = new();

    private ReplicaStorage(RaftKvOptions options, ILogger log, ReplicaEnvironment? environment)
    {
        var budget = StorageBudget.Of(options);
        var isInMemory = options.Durability == RaftKvDurability.Memory;
        Files = isInMemory ? new InMemoryFileSystem(budget.FileBytes) : environment?.Files ?? new OsFileSystem();
        Directory = DataDirectory.Open(Files, isInMemory ? InMemoryRoot : options.DataDirectory);
        _opened.Push(Directory);
        try
        {
            VolumeSizes.Check(VolumeBytes, options);
            DirectoryMarkers.ThrowIfRetired(Files, Directory);
            DirectoryMarkers.ThrowIfDiverged(Files, Directory);
            Identity = LocalIdentity.Open(Files, Directory.Root, options.NodeId);
            DirectoryMarkers.ThrowIfUnfinished(Files, Directory, Identity.ClusterId != Guid.Empty);
            SegmentBytes = VolumeSizes.LogSegmentBytes(VolumeBytes, options.LogSegmentBytes);
            Snapshots = new SnapshotStore(Files, Directory.Snapshots)
            {
                ReservedBytes = SegmentBytes,
                LoadedInMemoryBytes = budget.RecordBytes / 2,
            };
            _opened.Push(Snapshots);
            Stores = environment?.Stores ?? new StoreFactory(Files, Directory.Store, options).Create;
            State = StartupRecovery.LoadState(Snapshots, Stores, log);
            _opened.Push(State.Store);
            var walOptions = new WalOptions
            {
                SegmentBytes = SegmentBytes,
                MustExist = Identity.ClusterId != Guid.Empty,
                SyncsCommits = options.Durability != RaftKvDurability.OsBuffered,
            };
            Wal = Wal.Open(Files, Directory.Wal, walOptions, out var recovery);
            _opened.Push(Wal);
            StartupRecovery.ThrowIfNewerLevel(Directory.Root, recovery, State, FeatureLevels.Of(options));
            Mark = AppliedMark.Open(Files, Directory.Root);
            _opened.Push(Mark);
            Start = StartupRecovery.Join(Identity, Wal, recovery, State, log, Mark);
            Age = DirectoryAge.Open(Files, Directory.Root, BitConverter.ToInt64(Guid.NewGuid().ToByteArray()), Start);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IFileSystem Files { get; }

    public DataDirectory Directory { get; }

    public LocalIdentity Identity { get; }

    public SnapshotStore Snapshots { get; }

    /// <summary>Makes a store for so many keys.</summary>
    public Func<long, IKvStore> Stores { get; }

    /// <summary>The state that the node starts from.</summary>
    public KvStateMachine State { get; }

    public Wal Wal { get; }

    /// <summary>Which entry this node has served.</summary>
    public AppliedMark Mark { get; }

    /// <summary>What the core starts from; <c>null</c> while the node has no cluster.</summary>
    public RaftStart? Start { get; }

    public DirectoryAge Age { get; }

    public int SegmentBytes { get; }

    public long VolumeBytes => Files.VolumeBytes(Directory.Root);

    /// <exception cref="RaftKvStorageException">The data directory cannot be used.</exception>
    public static ReplicaStorage Open(RaftKvOptions options, ILogger log, ReplicaEnvironment? environment) =>
        new(options, log, environment);

    /// <summary>The steps that end the use of the directory, in this order; <paramref name="store"/> is the store in use by then.</summary>
    public IEnumerable<Action> Closings(IKvStore store) =>
        [Mark.Dispose, Wal.Close, store.Dispose, Snapshots.Dispose, Files.CloseDirectories, Directory.Dispose];

    /// <summary>Closes what was opened for a node that did not start.</summary>
    public void Dispose()
    {
        while (_opened.TryPop(out var part))
            part.Dispose();
        Files.CloseDirectories();
    }
}
