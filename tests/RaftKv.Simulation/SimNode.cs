using RaftKv.Embedded;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Tests.Storage;
using RaftKv.Embedded.Watch;
using RaftKv.Simulation.Clients;
using RaftKv.Simulation.Invariants;
using ReplicaNode = RaftKv.Embedded.Node.Replica;

namespace RaftKv.Simulation;

/// <summary>
/// A machine: its disk and its clock, which outlive the process, and while it is up a whole replica, put together as
/// <see cref="ReplicaHost"/> does it, whose parts run one at a time.
/// </summary>
internal sealed partial class SimNode
{
    private const string Root = "/data";

    /// <summary>So small that watchers fall behind its oldest change.</summary>
    private const long HistoryBytes = 8 * 1024;

    /// <summary>Relative to the bandwidth of the links here, as small as the pieces that a node sends to a slow follower.</summary>
    private const int SmallestPieceBytes = 1_000;

    /// <summary>The delay of a busy thread pool: meanwhile more is applied, and consumers read the history themselves.</summary>
    private const long RouterDelay = 2 * VirtualTime.Millisecond;

    private static readonly string PowerCutText = new PowerCutException().Message;

    private readonly Simulation _run;
    private readonly RaftKvOptions _options;
    private CancellationTokenSource _ending = new();

    public SimNode(Simulation run, string id, long rate)
    {
        _run = run;
        Id = id;
        Number = run.Nodes.Count;
        Address = AddressOf(id);
        Random = run.Random.Fork(id);
        _salts = Random.Fork("salts");
        _ids = Random.Fork("ids");
        Time = new NodeTime(run.Time, rate, Random.Below(VirtualTime.Second * 1000));
        Clock = new ReplicaClock(Time);
        _options = new RaftKvOptions
        {
            NodeId = id,
            DataDirectory = Root,
            RequestTimeout = TimeSpan.FromTicks(run.Swarm.RequestTimeout),
            ReplacedDiskTimeout = TimeSpan.FromSeconds(3),
            SnapshotThresholdBytes = run.Swarm.SnapshotThresholdBytes,
            LogRetentionBytes = run.Swarm.LogRetentionBytes,
            MaxPendingBytes = run.Swarm.MaxPendingBytes,
        };
        if (run.Swarm.SmallDisks)
            Disk.Capacity = run.Swarm.SegmentBytes * run.Random.Fork($"{id} capacity").Between(6, 30);
        if (!run.Swarm.Alone)
        {
            for (var i = 1; i <= run.Swarm.Founders; i++)
                _options.InitialMembers.Add(new RaftKvMember { NodeId = $"n{i}", Address = AddressOf($"n{i}") });
        }
    }

    public string Id { get; }

    /// <summary>Its place among <see cref="Simulation.Nodes"/>.</summary>
    public int Number { get; }

    public RaftKvOptions Options => _options;

    /// <summary>The random numbers of this machine.</summary>
    public SimRandom Random { get; }

    public string Address { get; }

    public MemoryFileSystem Disk { get; private set; } = new();

    public NodeTime Time { get; }

    public ReplicaClock Clock { get; }

    public TimeSpan RequestTimeout => _options.RequestTimeout;

    /// <summary>The number of processes that this machine has run.</summary>
    public int Life { get; private set; }

    public bool IsUp { get; private set; }

    /// <summary>The replica has stopped taking part because of an error; the process lives.</summary>
    public bool IsFaulted { get; private set; }

    /// <summary>Whether peers can reach the process.</summary>
    public bool IsListening => IsUp && !IsFaulted;

    /// <summary>An error of the disk was injected into this process: it may fault.</summary>
    public bool MayFault { get; set; }

    /// <summary>A bit on its disk was changed; the process may notice or not.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>The node found the damage at its start, and stays down until it is set up again.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>The time of the last step of one of its processes.</summary>
    public long LastStepAt { get; set; }

    /// <summary>The data directory that was removed last.</summary>
    public Guid LostIncarnation { get; private set; }

    /// <summary>Its data directory was removed, and no process has run since.</summary>
    public bool IsBlank { get; private set; } = true;

    public ReplicaNode Replica { get; private set; } = null!;

    public Applier Applier { get; private set; } = null!;

    public Wal Wal { get; private set; } = null!;

    public LocalIdentity Identity { get; private set; } = null!;

    public ClusterBootstrap ClusterBootstrap { get; private set; } = null!;

    public PeerAdmission Admission { get; private set; } = null!;

    public SimTransport Transport { get; private set; } = null!;

    public RaftCore? Core => IsUp ? Replica.Core : null;

    public bool Leads => IsListening && Core is { Role: RaftRole.Leader };

    /// <summary>Calls of this process's callers that have not ended.</summary>
    public List<Call> Calls { get; } = [];

    /// <summary>For the operations of its callers.</summary>
    public WriteOperationPool Writes { get; } = new(static _ => { });

    /// <summary>The terms of the entries that the disk holds, by index, while the process is down.</summary>
    private readonly Dictionary<long, long> _durableTerms = [];
    private readonly List<LogEntry> _read = [];
    private readonly SimRandom _salts;
    private readonly SimRandom _ids;
    private long _durableSnapshot;

    /// <summary>What was on disks that are gone, by their identities: what is committed next may have counted on them.</summary>
    private readonly Dictionary<Guid, (long Snapshot, Dictionary<long, long> Terms)> _lostDisks = [];

    public static string AddressOf(string id) => $"{id}:1";

    /// <summary>
    /// Starts a process, as <see cref="ReplicaHost.Open"/> does; <c>false</c> when the power went meanwhile, or its data is damaged.
    /// </summary>
    public bool TryStart()
    {
        try
        {
            Open();
            return true;
        }
        catch (PowerCutException)
        {
            _run.Transcript.Add(Id, "loses power while it starts");
            Disk.Crash(Random.Source);
            return false;
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull && _run.Swarm.SmallDisks)
        {
            // It is started again until there is room.
            _run.Transcript.Add(Id, $"cannot start: {e.Message}");
            Disk.KillProcess();
            return false;
        }
        catch (RaftKvStorageException e) when (IsDamaged && e.Error is RaftKvStorageError.Damaged or RaftKvStorageError.NewerFormat or RaftKvStorageError.ForeignDirectory)
        {
            _run.Transcript.Add(Id, $"refuses to start: {e.Message}");
            IsRefused = true;
            _run.Operators.PutUpAnew(this);
            return false;
        }
    }

    private void Open()
    {
        var log = _run.Transcript.LoggerOf(Id);
        var directory = DataDirectory.Open(Disk, Root);
        var identity = LocalIdentity.Open(Disk, directory.Root, Id, _ids.NewId);
        var snapshots = new SnapshotStore(Disk, directory.Snapshots) { ReservedBytes = _run.Swarm.SmallDisks ? 2 * _run.Swarm.SegmentBytes : 0 };
        var state = StartupRecovery.LoadState(snapshots, NewStore, log);
        var walOptions = new WalOptions
        {
            SegmentBytes = _run.Swarm.SegmentBytes,
            TailCacheBytes = (int)_run.Swarm.LogCacheBytes,
            MustExist = identity.ClusterId != Guid.Empty,
            PrepareInBackground = false,
            NewSalt = () => (uint)_salts.Source.Next() | 1,
        };
        var wal = Wal.Open(Disk, directory.Wal, walOptions, out var recovery);
        var mark = AppliedMark.Open(Disk, directory.Root);
        var start = StartupRecovery.Join(identity, wal, recovery, state, log, mark);
        DurableEntries.CheckKept(this, _durableTerms, _durableSnapshot, start);
        var age = DirectoryAge.Open(Disk, directory.Root, (long)Random.Fork($"start {Life}").Source.Next(), start);

        Life++;
        if (_run.Swarm.Timeouts)
            _options.ElectionTimeout = TimeSpan.FromTicks(
                Random.Fork($"timeout {Life}").Pick([250, 250, 500, 1_000]) * VirtualTime.Millisecond);
        IsUp = true;
        IsFaulted = IsBlank = false;
        MayFault = IsDamaged;
        _ending = new CancellationTokenSource();
        _components.Clear();
        (Wal, Identity) = (wal, identity);
        Transport = new SimTransport(_run.Network, this);
        var pending = new PendingWrites(1 + Random.Below(uint.MaxValue));
        var assembly = new ReplicaAssembly(new ReplicaPorts
        {
            Options = _options,
            Clock = Clock,
            Log = log,
            Identity = identity,
            Wal = wal,
            Snapshots = snapshots,
            Stores = NewStore,
            State = state,
            Changes = new ChangeFeed(state, HistoryBytes, HistoryBytes, keepsPrevious: Life % 2 == 0,
                router => _run.Time.After(RouterDelay, router.Execute)),
            Pending = pending,
            SessionNonce = NewNonce(),
            Applying = last => mark.Write(identity.ClusterId, last),
            Transport = Transport,
            Paused = static () => { },
            ThreadFailed = static _ => { },
            ShutdownToken = _ending.Token,
            Age = age,
            Disk = _run.Swarm.SmallDisks ? new DiskParts(() => Disk.AvailableBytes(Root), Disk.Capacity, _run.Swarm.SegmentBytes) : null,
            Settings = CoreSettings.From(_options, identity.Incarnation, Random.Source.Next()) with
            {
                CacheBytes = _run.Swarm.LogCacheBytes,
                SnapshotChunkBytes = _run.Swarm.ChunkBytes,
                SmallestPieceBytes = SmallestPieceBytes,
                MaxAppendBytes = (int)_run.Swarm.LogCacheBytes,
                MaxInflightMessages = _run.Swarm.MaxInflightMessages,
            },
        });
        (Replica, Applier, ClusterBootstrap, Admission) = (assembly.Replica, assembly.Applier, assembly.ClusterBootstrap,
            assembly.Admission);
        _report = assembly.LogWriter.Written!;
        assembly.LogWriter.Written = Report;
        Replica.Faulted += OnFaulted;
        AddComponents(assembly.LogWriter, assembly.Reader, assembly.Snapshotter);
        if (start is not null)
            Replica.Recover(start);
        _run.OnStarted(this);
        Schedule();
    }

    /// <summary>The process dies.</summary>
    /// <param name="power">Whether the machine does too: what was not synced is lost in part, entirely or not at all. Otherwise the page
    /// cache survives.</param>
    public void Die(bool power)
    {
        NoteDurable();
        Leave();
        if (!power)
            Disk.KillProcess();
        else if (Random.OneIn(3))
            Disk.CrashLosingAll();
        else if (Random.OneIn(3))
            Disk.CrashKeepingAll();
        else
            Disk.Crash(Random.Source);
    }

    /// <summary>The end of a process that was asked to stop, as <see cref="ReplicaHost.Dispose"/> has it.</summary>
    public void Finish()
    {
        RunToEnd();
        if (!IsUp)
            return;
        NoteDurable();
        try
        {
            Wal.Close();
        }
        catch (PowerCutException)
        {
            Leave();
            Disk.Crash(Random.Source);
            return;
        }
        catch (RaftKvStorageException) when (MayFault)
        {
            // The process ends all the same.
        }
        Leave();
        Disk.KillProcess();
    }

    /// <summary>Removes the data directory of a node that is down.</summary>
    public void Wipe()
    {
        if (!IsBlank)
        {
            LostIncarnation = Identity.Incarnation;
            _lostDisks[LostIncarnation] = (_durableSnapshot, _durableTerms.ToDictionary());
        }
        Disk = new MemoryFileSystem();
        IsDamaged = IsRefused = false;
        IsBlank = true;
        _durableTerms.Clear();
        _durableSnapshot = 0;
        _run.OnWiped(this);
    }

    /// <summary>The process dies, and its whole data directory is an older one when it starts again.</summary>
    public void RollBack(MemoryFileSystem image)
    {
        Die(power: false);
        _lostDisks[Identity.Incarnation] = (_durableSnapshot, _durableTerms.ToDictionary());
        Disk = image;
        _durableTerms.Clear();
        _durableSnapshot = 0;
        _run.OnWiped(this);
    }

    /// <summary>Why the replica stopped taking part.</summary>
    public string? Fault => Replica.Status.Fault;

    public string Describe() => Core is not { } core ? $"{Id} {(IsUp ? "unformed" : "down")}"
        : $"{Id} {core.Role} t{core.Term} leader {core.LeaderId} last {core.LastIndex} durable {core.DurableIndex} commit {core.CommitIndex} applied {Applier.AppliedIndex} calls {Calls.Count} members [{core.Configuration}]";

    /// <summary>Whether that disk of this machine has an entry of the log, or a snapshot that covers it, or had when it was lost.</summary>
    public bool HasDurably(EntryId entry, Guid incarnation)
    {
        if (_lostDisks.TryGetValue(incarnation, out var lost))
        {
            if (entry.Index <= lost.Snapshot || lost.Terms.GetValueOrDefault(entry.Index) == entry.Term)
                return true;
            // A directory that went back in time is still used until the node learns of it.
            if (IsBlank || Identity.Incarnation != incarnation)
                return false;
        }
        // A process that has just started has not had its first turn.
        if (!IsUp || Replica.Core is not { } core)
            return entry.Index <= _durableSnapshot || _durableTerms.GetValueOrDefault(entry.Index) == entry.Term;
        if (entry.Index <= core.SnapshotIndex)
            return true;
        try
        {
            // Reads what the disk has, not what the core takes it to have.
            _read.Clear();
            return Wal.Read(entry.Index, entry.Index, 1, _read) > 0 && _read[0].Term == entry.Term;
        }
        catch (RaftKvStorageException) when (IsDamaged)
        {
            return entry.Index <= core.DurableIndex && core.TermAt(entry.Index) == entry.Term;
        }
    }

    private void NoteDurable()
    {
        if (Replica.Core is not { } core)
            return;
        _durableTerms.Clear();
        _durableSnapshot = core.SnapshotIndex;
        for (var index = core.FirstIndex; index <= core.DurableIndex; index++)
            _durableTerms[index] = core.TermAt(index);
    }

    private void Leave()
    {
        _ending.Cancel();
        IsUp = false;
        _run.Network.OnDown(this);
        foreach (var call in Calls)
            call.OnProcessDied();
        Calls.Clear();
        _run.OnDied(this);
    }

    private void OnFaulted()
    {
        // A write on the replica's own thread met the power cut, perhaps one that was ordered while the process started. The rest is done
        // after the turn.
        if (Fault == PowerCutText)
            _powerCutAt = 0;
        if (Disk.Operations >= _powerCutAt)
            return;
        IsFaulted = true;
        Admission.Close();
        _ending.Cancel();
        _run.Network.OnDown(this);
        _run.OnFaulted(this);
    }

    private IKvStore NewStore(long keys) => new DictionaryKvStore();

    private Guid NewNonce()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, Random.Source.Next());
        BitConverter.TryWriteBytes(bytes[8..], Random.Source.Next());
        return new Guid(bytes);
    }
}
