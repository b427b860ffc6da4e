using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>
/// A core whose disk and state machine answer at once, and whose snapshot is as large as the test needs. The world carries its messages.
/// </summary>
internal sealed class SlowLinkNode(string id, SlowLinkWorld world)
{
    private readonly List<LogEntry> _log = [];
    private readonly List<RaftEffect> _effects = [];
    private readonly Queue<RaftEvent> _answers = new();
    private EntryId _base;
    private EntryId _snapshot;
    private ClusterConfiguration _configuration = ClusterConfiguration.Empty;
    private long _received;
    private bool _stepping;

    public string Id => id;

    public RaftCore Core { get; private set; } = null!;

    /// <summary>The snapshot thread of this node writes nothing before this time, in ticks.</summary>
    public long SnapshotThreadBusyUntil { get; set; }

    /// <summary>The highest number of bytes in snapshot chunks that waited for the snapshot thread.</summary>
    public long MostWaitingBytes { get; private set; }

    private long _waitingBytes;

    /// <param name="entries">The number of entries after the configuration at index 1. The state machine has applied none of them.</param>
    /// <param name="snapshotAt">The index of the last entry that a snapshot covers and the log no longer has; 0: no snapshot.</param>
    public void Start(RaftSettings settings, int entries, int entryBytes, long snapshotAt)
    {
        _configuration = ModelClusters.Voters("A", "B", "C");
        _log.Add(new LogEntry(1, 1, 0, EntryKind.Configuration, _configuration.Encode()));
        var payload = new byte[entryBytes];
        for (var i = 0; i < entries; i++)
            _log.Add(new LogEntry(1, i + 2, 0, EntryKind.Command, payload));
        if (snapshotAt > 0)
        {
            _snapshot = _base = new EntryId(1, snapshotAt);
            _log.RemoveRange(0, (int)snapshotAt);
        }
        Core = new RaftCore(settings, new RaftStart
        {
            Term = 1,
            Snapshot = _snapshot,
            SnapshotConfiguration = snapshotAt > 0 ? _configuration : ClusterConfiguration.Empty,
            SnapshotConfigurationIndex = snapshotAt > 0 ? 1 : 0,
            LogBase = _base,
            TermStarts = _log.Count > 0 ? [_log[0].Id] : [],
            LastIndex = _base.Index + _log.Count,
            Configurations = snapshotAt > 0 ? [] : [_log[0]],
        });
        Core.Initialize(world.Now, _effects);
        CarryOut();
        world.Arm(this);
    }

    public void Step(Func<Moment, RaftEvent> input)
    {
        _answers.Enqueue(input(world.Now));
        if (_stepping)
            return;
        _stepping = true;
        while (_answers.TryDequeue(out var answer))
        {
            Core.Step(answer, _effects);
            CarryOut();
        }
        _stepping = false;
        world.Arm(this);
    }

    private void CarryOut()
    {
        var effects = _effects.ToArray();
        _effects.Clear();
        foreach (var effect in effects)
            CarryOut(effect);
    }

    private void CarryOut(RaftEffect effect)
    {
        switch (effect)
        {
            case Append append:
                foreach (var entry in append.Entries.Span)
                {
                    _log.RemoveRange((int)(entry.Index - _base.Index - 1), (int)(_base.Index + _log.Count - entry.Index + 1));
                    _log.Add(entry);
                }
                _answers.Enqueue(new Appended(world.Now, _log[^1].Id));
                break;
            case Apply apply: _answers.Enqueue(new Applied(world.Now, apply.To)); break;
            case ResetLog reset:
                _log.Clear();
                _base = reset.Base;
                break;
            case Send send:
                world.Transmit(this, send.To, send.Message is AppendEntries m ? m with { Entries = m.Entries.ToArray() } : send.Message);
                break;
            case ReadEntries read: _answers.Enqueue(new EntriesRead(world.Now, read.Peer, read.From, Slice(read.From, read.MaxBytes))); break;
            case ReadSnapshotChunk read:
                var count = (int)Math.Min(read.MaxBytes, world.SnapshotBytes - read.Offset);
                _answers.Enqueue(new SnapshotChunkRead(world.Now, read.Peer, _snapshot, world.SnapshotBytes, read.Offset, new byte[Math.Max(0, count)]));
                break;
            case WriteSnapshotChunk write: Store(write); break;
            case InstallReceivedSnapshot install:
                _snapshot = install.Last;
                _answers.Enqueue(new SnapshotInstalled(world.Now, install.From, install.Last, true, _configuration, 1, LogTimeMs: 0));
                break;
        }
    }

    private void Store(WriteSnapshotChunk write)
    {
        _waitingBytes += write.Data.Length;
        MostWaitingBytes = Math.Max(MostWaitingBytes, _waitingBytes);
        world.At(Math.Max(world.Now.Ticks, SnapshotThreadBusyUntil), () =>
        {
            _waitingBytes -= write.Data.Length;
            if (write.Offset == _received)
                _received += write.Data.Length;
            Step(now => new SnapshotChunkWritten(now, write.From, write.Last, _received));
        });
    }

    private LogEntry[] Slice(long from, int maxBytes)
    {
        var at = (int)(from - _base.Index - 1);
        var bytes = 0;
        var count = 0;
        while (at + count < _log.Count && (count == 0 || bytes + _log[at + count].Size <= maxBytes))
            bytes += _log[at + count++].Size;
        return [.. _log.GetRange(at, count)];
    }
}
