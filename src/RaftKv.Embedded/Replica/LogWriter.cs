using System.Runtime.InteropServices;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Replica;

/// <summary>
/// The one writer of the log. Takes everything that waits, writes it with one write and makes it durable with one fdatasync, beside the
/// network and never on the thread that sends heartbeats.
/// </summary>
internal sealed class LogWriter(Wal wal) : BatchWorker<LogTask>
{
    /// <summary>About how much one commit holds at most: behind a disk that hung, the records are encoded in pieces and not all at once.</summary>
    private const int CommitBytes = 8 * 1024 * 1024;

    private readonly EntryLists _lists = new();

    /// <summary>Told of each batch that is durable.</summary>
    public Action<LogWritten>? Written { get; set; }

    /// <summary>Told after each sync how long it took and how many batches it had; <c>null</c> measures nothing.</summary>
    public Action<TimeSpan, int>? Synced { get; set; }

    /// <summary>The caller sees to it that <see cref="BatchWorker{T}.Wake"/> is called.</summary>
    public void Submit(LogTask task) => Post(task, wake: false);

    /// <summary>Submits a copy of entries.</summary>
    public void Submit(long ticket, ReadOnlySpan<LogEntry> entries)
    {
        var list = _lists.Take();
        list.AddRange(entries);
        Submit(new WriteEntries(ticket, list));
    }

    /// <summary>What was submitted before the stop is still made durable.</summary>
    protected override void Work(List<LogTask> batch)
    {
        var last = default(EntryId);
        var first = 0L;
        var committed = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var task = batch[i];
            switch (task)
            {
                case WriteVote vote: wal.SaveVote(vote.Term, vote.VotedFor, vote.PromiseMs); break;
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
            if (wal.BufferedBytes < CommitBytes || i == batch.Count - 1)
                continue;
            Commit(i + 1 - committed);
            Written?.Invoke(new LogWritten(task.Ticket, last));
            committed = i + 1;
            last = default;
        }
        Commit(batch.Count - committed);
        Written?.Invoke(new LogWritten(batch[^1].Ticket, last));
        if (first > 0)
            wal.TruncatePrefix(first);
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
