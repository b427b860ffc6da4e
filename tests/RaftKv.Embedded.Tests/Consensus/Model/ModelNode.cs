using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>The world that a model node runs in: network, timing of disk and state machine, and observers.</summary>
internal interface IModelWorld
{
    void Transmit(ModelNode from, string to, RaftMessage message);

    /// <summary>Runs <paramref name="work"/> when an input or output of the disk is complete.</summary>
    void Later(ModelNode node, Action work);

    void DiskHasWork(ModelNode node);

    void ApplierHasWork(ModelNode node);

    void Observe(ModelNode node, RaftEffect effect);

    void Applied(ModelNode node, LogEntry? entry, long index, ulong state);
}

/// <summary>A core with a disk that writes in order, a state machine that applies in order, and nothing else.</summary>
internal sealed class ModelNode(string id, Guid incarnation, IModelWorld world)
{
    private readonly Queue<(long Number, RaftEffect Operation)> _writes = new();
    private readonly List<(long Barrier, string To, RaftMessage Message)> _outbox = [];
    private readonly Queue<Apply> _applies = new();
    private readonly List<LogEntry> _entries = [];
    private (string From, EntryId Last, MemoryStream Bytes)? _incoming;
    private ClusterConfiguration _appliedConfiguration = ClusterConfiguration.Empty;
    private long _appliedConfigurationIndex;
    private long _appliedTimeMs;
    private long _written;
    private long _issued;
    private long _barrier;

    public string Id { get; } = id;

    public Guid Incarnation { get; } = incarnation;

    public ModelDisk Disk { get; } = new();

    public RaftCore? Core { get; private set; }

    /// <summary>Changes with each start and crash, so that work that began before a crash is recognised after it.</summary>
    public int Life { get; private set; }

    public Moment Now { get; set; }

    public long AppliedIndex { get; private set; }

    public ulong State { get; private set; }

    public int PendingWrites => _writes.Count;

    public bool HasApplies => _applies.Count > 0;


    public void Start(RaftSettings settings, Moment now, int tail = int.MaxValue)
    {
        Life++;
        Now = now;
        var start = Disk.Read(tail);
        AppliedIndex = start.Snapshot.Index;
        State = Disk.Snapshot?.State ?? 0;
        _appliedTimeMs = Disk.Snapshot?.TimeMs ?? 0;
        _appliedConfiguration = start.SnapshotConfiguration;
        _appliedConfigurationIndex = start.SnapshotConfigurationIndex;
        Core = new RaftCore(settings, start);
        var effects = new List<RaftEffect>();
        Core.Initialize(now, effects);
        Execute(effects);
    }

    /// <summary>Loses everything that is not on the disk.</summary>
    public void Crash()
    {
        Life++;
        Core = null;
        _writes.Clear();
        _outbox.Clear();
        _applies.Clear();
        _incoming = null;
        _written = _issued = _barrier = 0;
    }

    public void Step(RaftEvent input)
    {
        if (Core is null)
            return;
        var effects = new List<RaftEffect>();
        Core.Step(input, effects);
        Execute(effects);
    }

    /// <summary>
    /// The disk finishes the oldest <paramref name="count"/> writes. With <paramref name="grouped"/> it reports only the last append, as a
    /// group commit does.
    /// </summary>
    public void Write(int count, bool grouped = false)
    {
        var appended = new List<EntryId>();
        for (; count > 0 && _writes.TryDequeue(out var write); count--)
        {
            Disk.Write(write.Operation);
            _written = write.Number;
            if (write.Operation is Append append)
                appended.Add(append.Entries.Span[^1].Id);
        }
        ReleaseOutbox();
        if (grouped && appended.Count > 1)
            appended.RemoveRange(0, appended.Count - 1);
        foreach (var last in appended)
            Step(new Appended(Now, last));
    }

    /// <summary>The state machine applies the oldest range that waits.</summary>
    public void Apply()
    {
        if (!_applies.TryDequeue(out var range) || Core is null)
            return;
        Invariant.Holds(range.From == AppliedIndex + 1, "entries are applied in order, without a gap");
        _entries.Clear();
        if (!Core.TryCopyEntries(range.From, range.To, _entries))
        {
            for (var index = range.From; index <= range.To; index++)
                _entries.Add(Disk.Entry(index));
        }
        foreach (var entry in _entries)
        {
            AppliedIndex = entry.Index;
            _appliedTimeMs = Math.Max(_appliedTimeMs, entry.TimeMs);
            State = Mix(State, entry);
            if (entry.Kind == EntryKind.Configuration)
                (_appliedConfiguration, _appliedConfigurationIndex) = (ClusterConfiguration.Decode(entry.Payload.Span), entry.Index);
            world.Applied(this, entry, entry.Index, State);
        }
        Step(new Applied(Now, AppliedIndex));
    }

    public void TakeSnapshot(long keep, long keepForPeers = long.MaxValue / 2)
    {
        if (Core is null || AppliedIndex <= Core.SnapshotIndex)
            return;
        var last = new EntryId(Core.TermAt(AppliedIndex), AppliedIndex);
        Disk.Snapshot = new ModelSnapshot(last, State, _appliedConfiguration, _appliedConfigurationIndex, _appliedTimeMs);
        Step(new SnapshotTaken(Now, last, _appliedConfiguration, _appliedConfigurationIndex, Math.Max(1, last.Index + 1 - keep), Math.Max(1, last.Index + 1 - Math.Max(keep, keepForPeers))));
    }

    private static ulong Mix(ulong state, LogEntry entry)
    {
        state = (state ^ (ulong)entry.Term) * 0x9E3779B97F4A7C15 + (ulong)entry.Index;
        foreach (var b in entry.Payload.Span)
            state = (state ^ b) * 0x100000001B3;
        return state;
    }

    private void Execute(List<RaftEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case SaveVote:
                    Enqueue(effect);
                    _barrier = _issued;
                    break;
                case Append append: Enqueue(new Append(append.Entries.ToArray())); break;
                case ResetLog or TruncatePrefix: Enqueue(effect); break;
                case Send send: _outbox.Add((_barrier, send.To, Keep(send.Message))); break;
                case Apply apply: _applies.Enqueue(apply); break;
                case ReadEntries read: ReadLog(read); break;
                case ReadSnapshotChunk read: ReadChunk(read); break;
                case WriteSnapshotChunk write: WriteChunk(write); break;
                case InstallReceivedSnapshot install: Install(install); break;
            }
            world.Observe(this, effect);
        }
        ReleaseOutbox();
        if (_writes.Count > 0)
            world.DiskHasWork(this);
        if (_applies.Count > 0)
            world.ApplierHasWork(this);
    }

    /// <summary>Copies a message, because its entries are valid only until the next step.</summary>
    private static RaftMessage Keep(RaftMessage message) => message is AppendEntries append ? append with { Entries = append.Entries.ToArray() } : message;

    private void Enqueue(RaftEffect operation) => _writes.Enqueue((++_issued, operation));

    private void ReleaseOutbox()
    {
        var count = 0;
        while (count < _outbox.Count && _outbox[count].Barrier <= _written)
            count++;
        var free = _outbox.GetRange(0, count);
        _outbox.RemoveRange(0, count);
        foreach (var (_, to, message) in free)
            world.Transmit(this, to, message);
    }

    private void ReadLog(ReadEntries read) => world.Later(this, () =>
    {
        var entries = new List<LogEntry>();
        var bytes = 0;
        for (var index = read.From; index > Disk.Base.Index && index <= Disk.LastIndex && (bytes == 0 || bytes < read.MaxBytes); index++)
        {
            entries.Add(Disk.Entry(index));
            bytes += entries[^1].Size;
        }
        Step(new EntriesRead(Now, read.Peer, read.From, entries.ToArray()));
    });

    private void ReadChunk(ReadSnapshotChunk read) => world.Later(this, () =>
    {
        if (Disk.Snapshot is not { } snapshot || (read.Offset > 0 && read.Last != snapshot.Last))
        {
            Step(new SnapshotChunkRead(Now, read.Peer, read.Last, 0, read.Offset, default));
            return;
        }
        var bytes = snapshot.Encode();
        var count = (int)Math.Min(read.MaxBytes, bytes.Length - read.Offset);
        Step(new SnapshotChunkRead(Now, read.Peer, snapshot.Last, bytes.Length, read.Offset, bytes.AsMemory((int)read.Offset, count)));
    });

    private void WriteChunk(WriteSnapshotChunk write) => world.Later(this, () =>
    {
        if (_incoming is not { } incoming || incoming.Last != write.Last || incoming.From != write.From)
            _incoming = incoming = (write.From, write.Last, new MemoryStream());
        if (write.Offset == incoming.Bytes.Length)
            incoming.Bytes.Write(write.Data.Span);
        Step(new SnapshotChunkWritten(Now, write.From, write.Last, incoming.Bytes.Length));
    });

    private void Install(InstallReceivedSnapshot install) => world.Later(this, () =>
    {
        while (HasApplies)
            Apply();
        var snapshot = _incoming is { } incoming && incoming.Last == install.Last ? ModelSnapshot.TryDecode(incoming.Bytes.ToArray()) : null;
        _incoming = null;
        if (snapshot is null)
        {
            Step(new SnapshotInstalled(Now, install.From, install.Last, false, null, 0, 0));
            return;
        }
        Disk.Snapshot = snapshot;
        AppliedIndex = snapshot.Last.Index;
        State = snapshot.State;
        _appliedTimeMs = snapshot.TimeMs;
        (_appliedConfiguration, _appliedConfigurationIndex) = (snapshot.Configuration, snapshot.ConfigurationIndex);
        world.Applied(this, null, AppliedIndex, State);
        Step(new SnapshotInstalled(Now, install.From, install.Last, true, snapshot.Configuration, snapshot.ConfigurationIndex, snapshot.TimeMs));
    });
}
