using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Room on the disks. Every node measures its own against its reserve (<see cref="DiskReserve"/>) and tells the leader; the leader refuses writes that add data while it, or a quorum, lacks room. Deletes go on, and
/// everything else does when there is room again. What was accepted all the same waits for room: the log, the applier and the store do not fail for want of it.
/// </summary>
internal sealed partial class Replica
{
    private static readonly long DiskEvery = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>Between two attempts to hand over for want of room.</summary>
    private static readonly long HandOverEvery = TimeSpan.FromSeconds(60).Ticks;

    /// <summary>The least between two snapshots for want of room; ten times as long as the last one took, if that is more.</summary>
    private static readonly long ReliefEvery = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>The most between two snapshots of which one could not be taken.</summary>
    private static readonly long LongestReliefPause = TimeSpan.FromSeconds(60).Ticks;

    /// <summary>A voter that was not heard of for so long counts for no quorum that could take a write.</summary>
    private static readonly long VoterSilence = TimeSpan.FromSeconds(3).Ticks;

    /// <summary>So many steps of the store's maintenance, of 64 KiB at least, are done at each measurement while there is little room.</summary>
    private const int MaintenanceSteps = 64;

    private readonly DiskReserve _disk;
    private readonly DiskRooms _rooms = new();
    private long _nextDiskLook;
    private long _nextRelief;
    private long _reliefBegun;
    private long _reliefPause = ReliefEvery;
    private long _nextHandOver;

    /// <summary>A leader that has appended more than this refuses what adds data.</summary>
    private long _appendLimit = long.MaxValue;
    private bool _isMeasuring;
    private volatile bool _hasEntryRoom = true;
    private bool _refusesData;
    private volatile bool _isDiskLow;
    private volatile bool _isDiskFull;

    private long Appended => _context.Core?.AppendedBytes ?? 0;

    private void SweepDisk()
    {
        if (_context.Dependencies.Disk is null)
            return;
        LimitData();
        TellEntryRoom();
        if (_isMeasuring || (_context.Now.Ticks < _nextDiskLook && !_disk.IsOutdated(Appended)))
            return;
        _isMeasuring = true;
        _nextDiskLook = _context.Now.Ticks + DiskEvery;
        _context.Dependencies.Reader.Post(Measure);
    }

    /// <summary>Read thread.</summary>
    private void Measure()
    {
        try
        {
            var store = _context.Applier.State.Store;
            _context.Post(new DiskMeasured(_context.Dependencies.Disk!.FreeBytes(), store.UnflushedBytes, store.DataBytes));
        }
        catch (RaftKvStorageException)
        {
            // The next attempt is a second away.
            _context.Post(new DiskMeasured(_disk.FreeBytes, 0, 0));
        }
    }

    private void OnDiskMeasured(DiskMeasured measured)
    {
        _isMeasuring = false;
        var wasFull = _disk.IsFull;
        // What waits for room shows that there is none, whatever the file system says: of a quota it does not.
        var free = _context.LogWriter.WaitsForRoom || _context.Applier.WaitsForRoom ? 0 : measured.FreeBytes;
        _disk.Measured(free, measured.UnflushedBytes, SnapshotBytesAtMost(measured.DataBytes), Appended);
        var wasLow = _isDiskLow;
        _isDiskLow = _disk.IsLow;
        _context.Snapshots.KeepsFallback = !_disk.IsLow;
        if (_isDiskLow && !wasLow)
            GiveUpFallback();
        if (_disk.IsFull && !wasFull)
            _context.Log.DiskFull(_context.NodeId, _disk.FreeBytes, _disk.Reserve);
        else if (wasFull && !_disk.IsFull)
            _context.Log.DiskHasRoom(_context.NodeId, _disk.FreeBytes);
        TellEntryRoom();
        ReportRoom();
        LimitData();
        Relieve(measured.DataBytes);
    }

    /// <summary>A snapshot has no more than the store, and no more than the last one and what was written since.</summary>
    private long SnapshotBytesAtMost(long dataBytes) =>
        _context.Core is null ? 0 : Math.Min(dataBytes, _context.Snapshots.NewestBytes + _context.Wal.BytesSince(_context.Core.SnapshotIndex));

    private void ReportRoom()
    {
        if (_context.Leads)
            _rooms.Note(_context.NodeId, _disk.Room, Appended);
        else if (_context.Core is { LeaderId: { } leader } && _context.Core.Configuration.FeatureLevel >= FeatureLevels.Safeguards)
            _context.Transport.Send(leader, new DiskReport(_disk.Room, _hasEntryRoom, _disk.SnapshotRoom));
    }

    private void OnDiskReport(string from, DiskReport report)
    {
        if (!_context.Leads)
            return;
        _rooms.Note(from, report.Room, Appended);
        var fitsSnapshot = _context.Snapshots.NewestBytes is > 0 and var bytes && bytes <= report.SnapshotRoom;
        _context.Step(new PeerRoomChanged(_context.Now, from, report.TakesEntries, fitsSnapshot));
        LimitData();
    }

    /// <summary>On a leader: how much it may append before it refuses what adds data.</summary>
    private void LimitData()
    {
        var refused = _refusesData;
        if (!_context.Leads)
        {
            _appendLimit = long.MaxValue;
            _refusesData = false;
        }
        else
        {
            var configuration = _context.Core!.Configuration;
            var quorum = _rooms.Limit(configuration, IsHeard);
            _appendLimit = _rooms.Lacks(_context.NodeId, Appended) ? -1 : quorum;
            _refusesData = _appendLimit < Appended;
            if (_refusesData && !refused)
                _context.Log.RefusesData(_context.NodeId, _rooms.Lacking(configuration, Appended));
            else if (refused && !_refusesData)
                _context.Log.TakesData(_context.NodeId);
        }
        var isFull = _disk.IsFull || _refusesData;
        if (isFull == _isDiskFull)
            return;
        _isDiskFull = isFull;
        _publisher.PublishNow();
    }

    private bool IsHeard(string nodeId) => nodeId == _context.NodeId || _contacts.IsHeardWithin(nodeId, VoterSilence, _context.Now.Ticks);

    /// <summary>
    /// The leader sends no entries to a follower whose disk has no room for them, unless it needs the follower for the quorum.
    /// </summary>
    private void TellEntryRoom()
    {
        if (_context.Core is null || _disk.HasRoomForEntries(Appended) is var has && has == _hasEntryRoom)
            return;
        _hasEntryRoom = has;
        if (!has)
            ReportRoom();
    }

    private void Relieve(long dataBytes)
    {
        if (!_disk.IsLow || _context.Core is null)
            return;
        // Without entries to apply nothing else gives back what deleted keys take.
        if (!_context.Applier.WaitsForRoom)
            _context.Applier.Submit(new BetweenEntries(GiveBack, static () => { }));
        var behind = _context.Wal.BytesSince(_context.Core.SnapshotIndex);
        // What was deleted since is in the newest snapshot still.
        var shrinks = _context.Snapshots.NewestBytes - SnapshotBytesAtMost(dataBytes);
        var gains = _disk.IsFull ? behind > 0 : Math.Max(behind, shrinks) >= Math.Max(_context.Dependencies.Disk!.SegmentBytes, _context.Snapshots.NewestBytes / 4);
        if (gains && !_snapshotBusy && !IsBeingInstalled && _context.Applier.AppliedIndex > _context.Core.SnapshotIndex && _context.Now.Ticks >= _nextRelief)
        {
            (_nextRelief, _reliefBegun) = (_context.Now.Ticks + ReliefEvery, _context.Now.Ticks);
            _context.Log.DiskLow(_context.NodeId, _disk.FreeBytes);
            var done = new TaskCompletionSource<KvVersion>();
            OnSnapshotWanted(new SnapshotWanted(done));
        }
        if (_disk.IsFull && _context.Leads && _context.Now.Ticks >= _nextHandOver && Roomiest() is { } successor)
        {
            _nextHandOver = _context.Now.Ticks + HandOverEvery;
            _context.Step(new TransferRequested(_context.Now, _context.NextRequestId(), successor));
        }
    }

    /// <summary>Apply thread.</summary>
    private static void GiveBack(KvStateMachine state)
    {
        state.Store.ReclaimSpace();
        for (var step = 0; step < MaintenanceSteps; step++)
            state.Store.MaintainSpace();
    }

    /// <summary>A snapshot has ended: the next one for want of room comes the later the longer it took, and the later the more of them there was no room for.</summary>
    private void NoteRelief(bool succeeded)
    {
        if (_reliefBegun == 0)
            return;
        _reliefPause = succeeded ? ReliefEvery : Math.Min(2 * _reliefPause, LongestReliefPause);
        _nextRelief = _context.Now.Ticks + Math.Max(_reliefPause, 10 * (_context.Now.Ticks - _reliefBegun));
        _reliefBegun = 0;
    }

    /// <summary>The voter that has most of the log among those with room, if a quorum has room; <c>null</c>: no other leader could take data.</summary>
    private string? Roomiest()
    {
        if (_rooms.Limit(_context.Core!.Configuration, IsHeard) < Appended)
            return null;
        string? best = null;
        var match = -1L;
        foreach (var peer in _context.Core.Peers)
        {
            if (peer.IsVoter && peer.Match > match && IsHeard(peer.NodeId) && !_rooms.Lacks(peer.NodeId, Appended))
                (best, match) = (peer.NodeId, peer.Match);
        }
        return best;
    }

    /// <summary>Whether this node, if it leads, must not take the write.</summary>
    private bool LacksRoomFor(ReadOnlyMemory<byte> command) => Appended > _appendLimit && _context.Leads && KvCommand.AddsData(command);

    /// <summary>What others' callers want to add is sent back; the rest is kept.</summary>
    private IReadOnlyList<ReadOnlyMemory<byte>> TakeWhatFits(string from, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        if (Appended <= _appendLimit || !_context.Leads)
            return commands;
        var refused = commands.Where(KvCommand.AddsData).ToArray();
        if (refused.Length == 0)
            return commands;
        _context.Transport.Send(from, new ForwardRefused(RefusalReason.NoSpace, SequencesOf(refused)));
        return [.. commands.Where(c => !KvCommand.AddsData(c))];
    }
}
