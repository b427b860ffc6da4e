using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Replica;

/// <summary>
/// Two watermarks of the disk. Below the first, a snapshot is taken so that the log can be cut, and the status says so. Below the second, a leader takes no write that adds data, and looks for a
/// successor with more room; deletes go on, and when there is room again so does everything else.
/// </summary>
internal sealed partial class Replica
{
    private static readonly long DiskEvery = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>Between two attempts to hand over for want of room, and between two snapshots for it.</summary>
    private static readonly long DiskRelief = TimeSpan.FromSeconds(60).Ticks;

    private long _nextDiskLook;
    private long _nextRelief;
    private long _nextHandOver;
    private long _freeBytes = long.MaxValue;
    private long _freeAtStart;
    private bool _isDiskLow;
    private volatile bool _isDiskFull;

    private void SweepDisk()
    {
        if (_parts.FreeDiskBytes is not { } free || _now.Ticks < _nextDiskLook)
            return;
        _nextDiskLook = _now.Ticks + DiskEvery;
        _parts.Reader.Post(() =>
        {
            try
            {
                Post(new DiskMeasured(free()));
            }
            catch (RaftKvStorageException)
            {
                // Whoever writes next meets the disk itself.
            }
        });
    }

    private void OnDiskMeasured(DiskMeasured measured)
    {
        Volatile.Write(ref _freeBytes, measured.FreeBytes);
        if (_freeAtStart == 0)
            _freeAtStart = measured.FreeBytes;
        // On a disk that is small anyway the marks are lower.
        var reserve = Math.Min(_options.DiskReserveBytes, _freeAtStart / 8);
        var warning = Math.Min(_options.DiskWarningBytes, _freeAtStart / 4);
        SetDisk(ref _isDiskLow, measured.FreeBytes, warning);
        var wasFull = _isDiskFull;
        var isFull = wasFull;
        SetDisk(ref isFull, measured.FreeBytes, reserve);
        _isDiskFull = isFull;
        if (isFull != wasFull)
        {
            if (isFull)
                _log.DiskFull(_options.NodeId, measured.FreeBytes, reserve);
            else
                _log.DiskHasRoom(_options.NodeId, measured.FreeBytes);
            PublishNow();
        }
        Relieve();
    }

    /// <summary>Left again only with a quarter more room than it was entered with.</summary>
    private static void SetDisk(ref bool isBelow, long free, long mark)
    {
        if (free < mark)
            isBelow = true;
        else if (free >= mark + mark / 4)
            isBelow = false;
    }

    private void Relieve()
    {
        if (_isDiskLow && _core is not null && !_snapshotBusy && _parts.Applier.AppliedIndex > _core.SnapshotIndex && _now.Ticks >= _nextRelief)
        {
            _nextRelief = _now.Ticks + DiskRelief;
            _log.DiskLow(_options.NodeId, _freeBytes);
            OnSnapshotWanted(new SnapshotWanted(new TaskCompletionSource<KvVersion>()));
        }
        if (_isDiskFull && Leads && _core!.Configuration.VoterCount > 1 && _now.Ticks >= _nextHandOver)
        {
            _nextHandOver = _now.Ticks + DiskRelief;
            Step(new TransferRequested(_now, ++_nextRequestId, To: null));
        }
    }

    /// <summary>Whether this node, if it leads, must not take the write.</summary>
    private bool LacksRoomFor(ReadOnlySpan<byte> command) => _isDiskFull && Leads && KvCommand.AddsData(command);

    /// <summary>What others' callers want to add is sent back; the rest is kept.</summary>
    private IReadOnlyList<ReadOnlyMemory<byte>> TakeWhatFits(string from, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        if (!_isDiskFull || !Leads)
            return commands;
        var refused = commands.Where(c => KvCommand.AddsData(c.Span)).ToArray();
        if (refused.Length == 0)
            return commands;
        _parts.Transport.Send(from, new ForwardRefused(RefusalReason.NoSpace, SequencesOf(refused)));
        return [.. commands.Where(c => !KvCommand.AddsData(c.Span))];
    }
}
