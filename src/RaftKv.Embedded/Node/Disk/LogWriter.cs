using System.Runtime.InteropServices;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The one writer of the log. Takes everything that waits, writes it with one write and makes it durable with one fdatasync, beside the
/// network and never on the thread that sends heartbeats.
/// </summary>
internal sealed class LogWriter(Wal wal) : BatchWorker<LogTask>
{
    /// <summary>
    /// About how much one commit holds at most: behind a disk that hung, the records are encoded in pieces and not all at once.
    /// </summary>
    private const int CommitBytes = 8 * 1024 * 1024;

    private readonly EntryLists _lists = new();

    /// <summary>
    /// Tasks that are not all durable because there is no room. Of them: how many are in the log's buffer and how many are durable, the
    /// last entry after the durable ones, and the first entry that the log is to keep.
    /// </summary>
    private readonly List<LogTask> _waiting = [];
    private int _buffered;
    private int _committed;
    private EntryId _last;
    private long _first;
    private volatile bool _waitsForRoom;

    /// <summary>Called with each batch that is durable.</summary>
    public Action<LogWritten>? Written { get; set; }

    /// <summary>Called after each sync with its duration and its number of batches; <c>null</c> measures nothing.</summary>
    public Action<TimeSpan, int>? Synced { get; set; }

    /// <summary>The caller must call <see cref="BatchWorker{T}.Wake"/> afterwards.</summary>
    public void Submit(LogTask task) => Post(task, wake: false);

    /// <summary>Submits a copy of entries.</summary>
    public void Submit(long ticket, ReadOnlySpan<LogEntry> entries)
    {
        var list = _lists.Take();
        list.AddRange(entries);
        Submit(new WriteEntries(ticket, list));
    }

    /// <summary>
    /// Any thread. Whether the disk has no room for the next segment. Submitted tasks are written when there is room; nothing is lost, and
    /// nothing is reported as durable before.
    /// </summary>
    public bool WaitsForRoom => _waitsForRoom;

    protected override bool HasUnfinished => _waitsForRoom;

    /// <summary>Tasks that were submitted before the stop are still made durable, if there is room.</summary>
    protected override void Work(List<LogTask> batch)
    {
        var tasks = batch;
        if (_waiting.Count > 0)
        {
            _waiting.AddRange(batch);
            tasks = _waiting;
        }
        try
        {
            Write(tasks);
            _waitsForRoom = false;
            _waiting.Clear();
            (_buffered, _committed, _last) = (0, 0, default);
        }
        catch (WalNoRoomException)
        {
            _waitsForRoom = true;
            if (tasks == batch)
                _waiting.AddRange(batch);
            // The segments that a snapshot covers may be the room that the next one needs.
            DropPrefix();
        }
    }

    /// <summary>Goes on where the last attempt ended.</summary>
    private void Write(List<LogTask> tasks)
    {
        while (_buffered < tasks.Count)
        {
            Buffer(tasks[_buffered]);
            _buffered++;
            if (wal.BufferedBytes >= CommitBytes)
                CommitBuffered(tasks);
        }
        if (_committed < tasks.Count)
            CommitBuffered(tasks);
        DropPrefix();
    }

    private void DropPrefix()
    {
        if (_first > 0)
            wal.TruncatePrefix(_first);
        _first = 0;
    }

    private void Buffer(LogTask task)
    {
        switch (task)
        {
            case WriteVote vote: wal.SaveVote(vote.Term, vote.VotedFor, vote.PromiseMs); break;
            case WriteEntries entries:
                wal.Append(CollectionsMarshal.AsSpan(entries.Entries));
                _last = entries.Entries[^1].Id;
                _lists.Return(entries.Entries);
                break;
            case RestartLog restart:
                wal.Reset(restart.Base);
                _last = restart.Base;
                break;
            case DropPrefix drop: _first = Math.Max(_first, drop.First); break;
        }
    }

    private void CommitBuffered(List<LogTask> tasks)
    {
        Commit(_buffered - _committed);
        _committed = _buffered;
        Written?.Invoke(new LogWritten(tasks[_buffered - 1].Ticket, _last));
        _last = default;
    }

    private void Commit(int batches)
    {
        if (Synced is not { } synced)
        {
            wal.Commit();
            return;
        }
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        wal.Commit();
        synced(System.Diagnostics.Stopwatch.GetElapsedTime(started), batches);
    }
}
