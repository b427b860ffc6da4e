using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Room on the disks. Every node measures its own against its reserve (<see cref="DiskReserve"/>) and tells the leader; the leader refuses
/// writes that add data while it, or a quorum, lacks room. Deletes are accepted all the time, other writes again once there is room. Writes
/// that were accepted before wait for room: the log, the applier and the store do not fail for lack of it.
/// </summary>
internal sealed class DiskMonitor(
    ReplicaContext context, PeerContacts contacts, StatusPublisher status, SnapshotCoordinator snapshots, DiskReserve disk)
{
    private static readonly long Interval = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>Between two attempts to hand over for lack of room.</summary>
    private static readonly long HandOverInterval = TimeSpan.FromSeconds(60).Ticks;

    /// <summary>A voter from which nothing was heard for so long counts for no quorum that could take a write.</summary>
    private static readonly long VoterSilence = TimeSpan.FromSeconds(3).Ticks;

    /// <summary>
    /// So many steps of the store's maintenance, of 64 KiB at least, are done at each measurement while there is little room.
    /// </summary>
    private const int MaintenanceSteps = 64;

    private readonly DiskRooms _rooms = new();
    private readonly DiskRelief _relief = new();
    private long _nextMeasurement;
    private long _nextHandOver;

    /// <summary>A leader that has appended more than this refuses what adds data.</summary>
    private long _appendLimit = long.MaxValue;
    private bool _isMeasuring;
    private volatile bool _hasEntryRoom = true;
    private bool _refusesData;
    private volatile bool _isFull;

    /// <summary>Any thread. This disk has less than its reserve, or this node leads and refuses data.</summary>
    public bool IsFull => _isFull;

    /// <summary>Any thread. This disk has room for entries of the leader.</summary>
    public bool HasEntryRoom => _hasEntryRoom;

    /// <summary>Any thread. Free bytes at the last measurement; <c>null</c> before the first.</summary>
    public long? FreeBytes => disk.FreeBytes is var free and not long.MaxValue ? free : null;

    private long Appended => context.Core?.AppendedBytes ?? 0;

    public void Sweep()
    {
        if (context.Ports.Disk is null)
            return;
        LimitData();
        TellEntryRoom();
        if (_isMeasuring || (context.Now.Ticks < _nextMeasurement && !disk.IsOutdated(Appended)))
            return;
        _isMeasuring = true;
        _nextMeasurement = context.Now.Ticks + Interval;
        context.Parts.Reader.Post(Measure);
    }

    /// <summary>Read thread.</summary>
    private void Measure()
    {
        var store = context.Applier.State.Store;
        context.Post(new DiskMeasured(ReadFreeBytes(), store.UnflushedBytes, store.DataBytes));
    }

    /// <summary>Read thread. A disk that cannot be asked has what it had at the last measurement; the next one is a second away.</summary>
    private long ReadFreeBytes()
    {
        try
        {
            return context.Ports.Disk!.FreeBytes();
        }
        catch (RaftKvStorageException)
        {
            return disk.FreeBytes;
        }
    }

    public void OnMeasured(DiskMeasured measured)
    {
        _isMeasuring = false;
        var (wasFull, wasLow) = (disk.IsFull, disk.IsLow);
        // When the log or the applier waits for room there is none, whatever the file system says: it does not report quotas.
        var free = context.LogWriter.WaitsForRoom || context.Applier.WaitsForRoom ? 0 : measured.FreeBytes;
        disk.Measured(free, measured.UnflushedBytes, snapshots.BytesAtMost(measured.DataBytes), Appended);
        context.Snapshots.KeepsFallback = !disk.IsLow;
        if (disk.IsLow && !wasLow)
            snapshots.GiveUpFallback();
        if (disk.IsFull && !wasFull)
            context.Log.DiskFull(context.NodeId, disk.FreeBytes, disk.Reserve);
        else if (wasFull && !disk.IsFull)
            context.Log.DiskHasRoom(context.NodeId, disk.FreeBytes);
        TellEntryRoom();
        ReportRoom();
        LimitData();
        Relieve(measured.DataBytes);
    }

    private void ReportRoom()
    {
        if (context.Leads)
            _rooms.Note(context.NodeId, disk.Room, Appended);
        else if (context.Core is { LeaderId: { } leader } && context.Core.Configuration.FeatureLevel >= FeatureLevels.Safeguards)
            context.Transport.Send(leader, new DiskReport(disk.Room, _hasEntryRoom, disk.SnapshotRoom));
    }

    public void OnReport(string from, DiskReport report)
    {
        if (!context.Leads)
            return;
        _rooms.Note(from, report.Room, Appended);
        var fitsSnapshot = context.Snapshots.NewestBytes is > 0 and var bytes && bytes <= report.SnapshotRoom;
        context.Step(new PeerRoomChanged(context.Now, from, report.TakesEntries, fitsSnapshot));
        LimitData();
    }

    /// <summary>On a leader: how much it may append before it refuses what adds data.</summary>
    private void LimitData()
    {
        var refused = _refusesData;
        if (!context.Leads)
        {
            _appendLimit = long.MaxValue;
            _refusesData = false;
        }
        else
        {
            var configuration = context.Core!.Configuration;
            var quorum = _rooms.Limit(configuration, IsHeard);
            _appendLimit = _rooms.Lacks(context.NodeId, Appended) ? -1 : quorum;
            _refusesData = _appendLimit < Appended;
            if (_refusesData && !refused)
                context.Log.DataWritesRefused(context.NodeId, _rooms.Lacking(configuration, Appended));
            else if (refused && !_refusesData)
                context.Log.DataWritesAccepted(context.NodeId);
        }
        var isFull = disk.IsFull || _refusesData;
        if (isFull == _isFull)
            return;
        _isFull = isFull;
        status.PublishNow();
    }

    private bool IsHeard(string nodeId) => nodeId == context.NodeId || contacts.IsHeardWithin(nodeId, VoterSilence, context.Now.Ticks);

    /// <summary>
    /// The leader sends no entries to a follower whose disk has no room for them, unless it needs the follower for the quorum.
    /// </summary>
    private void TellEntryRoom()
    {
        if (context.Core is null || disk.HasRoomForEntries(Appended) is var has && has == _hasEntryRoom)
            return;
        _hasEntryRoom = has;
        if (!has)
            ReportRoom();
    }

    /// <summary>A snapshot has ended.</summary>
    public void OnSnapshotFinished(bool succeeded) => _relief.OnSnapshotFinished(succeeded, context.Now.Ticks);

    public void OnRoleChanged()
    {
        _rooms.Clear();
        _nextMeasurement = 0;
    }

    /// <summary>A new leader does not know yet that this disk lacks room.</summary>
    public void OnLeaderKnown()
    {
        if (!_hasEntryRoom)
            ReportRoom();
    }

    private void Relieve(long dataBytes)
    {
        if (!disk.IsLow || context.Core is null)
            return;
        // Without entries to apply nothing else reclaims the room of deleted keys.
        if (!context.Applier.WaitsForRoom)
            context.Applier.Submit(new BetweenEntries(GiveBack, static () => { }));
        var behind = context.Wal.BytesSince(context.Core.SnapshotIndex);
        // Keys that were deleted since are still in the newest snapshot.
        var shrinks = context.Snapshots.NewestBytes - snapshots.BytesAtMost(dataBytes);
        var gains = disk.IsFull ? behind > 0
            : Math.Max(behind, shrinks) >= Math.Max(context.Ports.Disk!.SegmentBytes, context.Snapshots.NewestBytes / 4);
        if (gains && !snapshots.IsBusy && !snapshots.IsBeingInstalled && context.Applier.AppliedIndex > context.Core.SnapshotIndex
            && _relief.TryBegin(context.Now.Ticks))
        {
            context.Log.DiskLow(context.NodeId, disk.FreeBytes);
            snapshots.Request();
        }
        if (disk.IsFull && context.Leads && context.Now.Ticks >= _nextHandOver && Roomiest() is { } successor)
        {
            _nextHandOver = context.Now.Ticks + HandOverInterval;
            context.Step(new TransferRequested(context.Now, context.NextRequestId(), successor));
        }
    }

    /// <summary>Apply thread.</summary>
    private static void GiveBack(KvStateMachine state)
    {
        state.Store.ReclaimSpace();
        for (var step = 0; step < MaintenanceSteps; step++)
            state.Store.MaintainSpace();
    }

    /// <summary>
    /// The voter that has most of the log among those with room, if a quorum has room; <c>null</c>: no other leader could take data.
    /// </summary>
    private string? Roomiest()
    {
        if (_rooms.Limit(context.Core!.Configuration, IsHeard) < Appended)
            return null;
        string? best = null;
        var match = -1L;
        foreach (var peer in context.Core.Peers)
        {
            if (peer.IsVoter && peer.Match > match && IsHeard(peer.NodeId) && !_rooms.Lacks(peer.NodeId, Appended))
                (best, match) = (peer.NodeId, peer.Match);
        }
        return best;
    }

    /// <summary>Whether this node, if it leads, must not take the write.</summary>
    public bool LacksRoomFor(ReadOnlyMemory<byte> command) => RefusesData() && KvCommand.AddsData(command);

    private bool RefusesData()
    {
        if (Appended <= _appendLimit || !context.Leads)
            return false;
        // The status says so before the caller hears of it.
        if (!_refusesData)
            LimitData();
        return _refusesData;
    }

    /// <summary>Refuses the forwarded commands that add data while there is no room, and returns the others.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> TakeWhatFits(string from, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        if (!RefusesData())
            return commands;
        var refused = commands.Where(KvCommand.AddsData).ToArray();
        if (refused.Length == 0)
            return commands;
        context.Transport.Send(from, new ForwardRefused(RefusalReason.NoSpace, CommandSequences.Of(refused)));
        return [.. commands.Where(c => !KvCommand.AddsData(c))];
    }
}
