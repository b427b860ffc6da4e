using System.Runtime.InteropServices;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Replica;

/// <summary>
/// The one writer of the log. Takes everything that waits, writes it with one write and makes it durable with one fdatasync, beside the
/// network and never on the thread that sends heartbeats.
/// </summary>
internal sealed class LogWriter(Wal wal)
{
    private readonly WorkQueue<LogTask> _queue = new();
    private readonly EntryLists _lists = new();
    private List<LogTask> _taken = [];
    private volatile bool _stopping;

    public event Action<LogWritten>? Written;

    public event Action<Exception>? Failed;

    /// <summary>Told after each sync how long it took and how many batches it had; <c>null</c> measures nothing.</summary>
    public Action<TimeSpan, int>? Synced { get; set; }

    /// <summary>Any thread. Whether <see cref="RunOnce"/> has something to do.</summary>
    public bool HasWork => !_queue.IsEmpty;

    /// <summary>The caller sees to it that <see cref="Wake"/> is called.</summary>
    public void Submit(LogTask task) => _queue.Post(task, wake: false);

    /// <summary>Submits a copy of entries.</summary>
    public void Submit(long ticket, ReadOnlySpan<LogEntry> entries)
    {
        var list = _lists.Take();
        list.AddRange(entries);
        Submit(new WriteEntries(ticket, list));
    }

    public void Stop()
    {
        _stopping = true;
        _queue.Kick();
    }

    /// <summary>The body of the log thread.</summary>
    /// <param name="afterBatch">Called when a batch is durable and <see cref="Written"/> was raised.</param>
    public void Run(Action afterBatch)
    {
        try
        {
            while (!_stopping)
            {
                _queue.Wait(-1);
                RunOnce();
                afterBatch();
            }
            // What was submitted before the stop is still made durable.
            RunOnce();
        }
        catch (Exception e)
        {
            Failed?.Invoke(e);
        }
    }

    /// <summary>Any thread. Leaves what waits to the log's thread.</summary>
    public void Wake() => _queue.Wake();

    public void RunOnce()
    {
        _queue.TakeAll(ref _taken);
        if (_taken.Count == 0)
            return;
        var last = default(EntryId);
        var first = 0L;
        foreach (var task in _taken)
        {
            switch (task)
            {
                case WriteVote vote: wal.SaveVote(vote.Term, vote.VotedFor); break;
                case WriteEntries entries:
                    wal.Append(CollectionsMarshal.AsSpan(entries.Entries));
                    last = entries.Entries[^1].Id;
                    _lists.Return(entries.Entries);
                    break;
                case RestartLog restart:
                    wal.Reset(restart.Base);
                    last = restart.Base;
                    break;
                case DropPrefix drop: first = Math.Max(first, drop.First); break;
            }
        }
        Commit();
        Written?.Invoke(new LogWritten(_taken[^1].Ticket, last));
        if (first > 0)
            wal.TruncatePrefix(first);
        _taken.Clear();
    }

    private void Commit()
    {
        if (Synced is not { } synced)
        {
            wal.Commit();
            return;
        }
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        wal.Commit();
        synced(System.Diagnostics.Stopwatch.GetElapsedTime(started), _taken.Count);
    }
}
