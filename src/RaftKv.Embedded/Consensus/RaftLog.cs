using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// The log as the core needs it: where every term begins, for the whole log, and the entries themselves only for its end. An entry stays
/// in memory until it is applied and durable, and as long after that as the cache has room.
/// </summary>
internal sealed class RaftLog
{
    private readonly long _cacheBytes;
    private readonly TermIndex _terms;
    private readonly List<PendingAppend> _pending = [];
    private LogEntry[] _tail = new LogEntry[64];
    private int _tailStart;
    private int _tailCount;
    private long _tailBytes;
    private ReadOnlyMemory<LogEntry> _lastBatch;

    public RaftLog(RaftStart start, long cacheBytes)
    {
        _cacheBytes = cacheBytes;
        _terms = new TermIndex(start.LogBase, start.TermStarts, start.LastIndex);
        Applied = start.Snapshot.Index;
        LastTimeMs = start.LastTimeMs;
        DurableIndex = LastIndex;
        var index = LastIndex - start.Tail.Count;
        Invariant.Holds(index >= Base.Index, "the tail in memory is part of the log");
        foreach (var entry in start.Tail)
        {
            Invariant.Holds(entry.Index == ++index, "the log has no gap");
            Push(entry);
        }
        Evict();
    }

    /// <summary>The entry before the first one.</summary>
    public EntryId Base => _terms.Base;

    public long FirstIndex => Base.Index + 1;

    public long LastIndex => _terms.Last.Index;

    public long LastTerm => _terms.Last.Term;

    public EntryId Last => _terms.Last;

    public long LastTimeMs { get; private set; }

    /// <summary>The first index still in memory; <see cref="LastIndex"/> + 1 when none is.</summary>
    public long FirstInMemory => LastIndex - _tailCount + 1;

    /// <summary>The last index up to which this log is on this node's disk.</summary>
    public long DurableIndex { get; private set; }

    /// <summary>The last index that the state machine has applied.</summary>
    public long Applied { get; private set; }

    /// <summary>The bytes of the entries in memory that are not applied yet.</summary>
    public long UnappliedBytes { get; private set; }

    /// <summary>
    /// The bytes of the appends that the disk has not confirmed, including those that were replaced since: the log writer still holds them.
    /// </summary>
    public long UndurableBytes { get; private set; }

    /// <summary>The bytes that this process has ever appended; only grows.</summary>
    public long AppendedBytes { get; private set; }

    /// <summary>
    /// The bytes that the log must keep in memory. The entries that are not applied and those that are not durable are both a suffix of the
    /// log, so the larger one counts.
    /// </summary>
    public long HeldBytes => Math.Max(UnappliedBytes, UndurableBytes);

    /// <inheritdoc cref="TermIndex.TermAt"/>
    public long TermAt(long index) => _terms.TermAt(index);

    /// <inheritdoc cref="TermIndex.Contains"/>
    public bool Contains(EntryId id) => _terms.Contains(id);

    /// <inheritdoc cref="TermIndex.FirstOfTermAt"/>
    public EntryId FirstOfTermAt(long index) => _terms.FirstOfTermAt(index);

    /// <inheritdoc cref="TermIndex.LastIndexWithTermUpTo"/>
    public long LastIndexWithTermUpTo(long index, long term) => _terms.LastIndexWithTermUpTo(index, term);

    /// <summary>Adds entries after the last one and waits for the disk to confirm them.</summary>
    public void Append(ReadOnlyMemory<LogEntry> entries)
    {
        var first = entries.Span[0].Index;
        Invariant.Holds(first == LastIndex + 1, "the log has no gap");
        var bytes = 0L;
        foreach (ref readonly var entry in entries.Span)
        {
            bytes += entry.Size;
            _terms.Append(entry.Id);
            Push(entry);
        }
        _lastBatch = entries;
        _pending.Add(new PendingAppend(first, Last, bytes));
        UndurableBytes += bytes;
        AppendedBytes += bytes;
        UpdateDurable();
    }

    /// <summary>A step is over: the memory of the entries appended in it is about to be used again.</summary>
    public void ForgetBatch() => _lastBatch = default;

    /// <summary>Drops the end of the log, from <paramref name="index"/> on, because a leader has other entries there.</summary>
    public void TruncateFrom(long index)
    {
        Invariant.Holds(index > Applied && index > Base.Index, "what is applied is never truncated");
        _terms.TruncateAfter(_terms.IdAt(index - 1));
        while (_tailCount > 0 && _tail[_tailStart + _tailCount - 1].Index >= index)
        {
            ref var entry = ref _tail[_tailStart + --_tailCount];
            _tailBytes -= entry.Size;
            UnappliedBytes -= entry.Size;
            entry = default;
        }
        _lastBatch = default;
        DurableIndex = Math.Min(DurableIndex, LastIndex);
    }

    /// <summary>Forgets what is before <paramref name="first"/>: a durable snapshot covers it.</summary>
    public void TruncatePrefix(long first)
    {
        Invariant.Holds(first <= LastIndex + 1 && first > Base.Index, "a prefix ends inside the log");
        _terms.TruncateUntil(_terms.IdAt(first - 1));
        while (_tailCount > 0 && FirstInMemory < first)
            DropFirst();
        UpdateDurable();
    }

    /// <summary>Begins anew after an installed snapshot whose state has reached the log time <paramref name="timeMs"/>.</summary>
    public void Reset(EntryId snapshot, long timeMs)
    {
        Array.Clear(_tail);
        _tailStart = _tailCount = 0;
        _tailBytes = UnappliedBytes = UndurableBytes = 0;
        _lastBatch = default;
        _terms.Reset(snapshot);
        // Appends that are still on their way to the disk belong to the old log. The reset follows them to the disk and drops them there.
        _pending.Clear();
        LastTimeMs = timeMs;
        DurableIndex = snapshot.Index;
        Applied = Math.Max(Applied, snapshot.Index);
    }

    /// <summary>
    /// The disk has everything up to the append that ended with <paramref name="last"/>. An append that was since replaced says nothing
    /// about the entries that took its place (the ABA race of asynchronous storage).
    /// </summary>
    public bool Confirm(EntryId last)
    {
        var done = 0;
        while (done < _pending.Count && _pending[done].Last != last)
            done++;
        if (done == _pending.Count)
            return false;
        for (var i = 0; i <= done; i++)
            UndurableBytes -= _pending[i].Bytes;
        _pending.RemoveRange(0, done + 1);
        var before = DurableIndex;
        UpdateDurable();
        Evict();
        return DurableIndex != before;
    }

    /// <summary>Whether an append that ends with <paramref name="last"/> is on its way to the disk.</summary>
    public bool IsPending(EntryId last)
    {
        foreach (var append in _pending)
        {
            if (append.Last == last)
                return true;
        }
        return false;
    }

    public void MarkApplied(long index)
    {
        for (var i = Math.Max(Applied + 1, FirstInMemory); i <= Math.Min(index, LastIndex); i++)
            UnappliedBytes -= At(i).Size;
        Applied = Math.Max(Applied, index);
        Evict();
    }

    /// <summary>
    /// Entries from <paramref name="from"/> on, at least one, at most <paramref name="maxBytes"/>. They must be in memory.
    /// </summary>
    public ReadOnlyMemory<LogEntry> Slice(long from, int maxBytes, out int bytes)
    {
        Invariant.Holds(from >= FirstInMemory && from <= LastIndex, "the entries are in memory");
        var available = (int)(LastIndex - from + 1);
        var count = 0;
        bytes = 0;
        while (count < available)
        {
            var size = At(from + count).Size;
            if (count > 0 && bytes + size > maxBytes)
                break;
            bytes += size;
            count++;
        }

        // All followers that keep up get the batch itself that was appended in this step, without a copy.
        var intoBatch = _lastBatch.IsEmpty ? -1 : from - (LastIndex - _lastBatch.Length + 1);
        return intoBatch >= 0 ? _lastBatch.Slice((int)intoBatch, count) : Window(from, count).ToArray();
    }

    public bool TryCopy(long from, long to, List<LogEntry> into)
    {
        if (from < FirstInMemory || to > LastIndex || from > to)
            return false;
        into.AddRange(Window(from, (int)(to - from + 1)));
        return true;
    }

    private ReadOnlySpan<LogEntry> Window(long from, int count) => _tail.AsSpan(_tailStart + (int)(from - FirstInMemory), count);

    private ref readonly LogEntry At(long index) => ref _tail[_tailStart + (int)(index - FirstInMemory)];

    private void Push(in LogEntry entry)
    {
        if (_tailStart + _tailCount == _tail.Length)
            MakeRoom();
        _tail[_tailStart + _tailCount++] = entry;
        LastTimeMs = entry.TimeMs;
        _tailBytes += entry.Size;
        if (entry.Index > Applied)
            UnappliedBytes += entry.Size;
    }

    private void MakeRoom()
    {
        var target = _tailCount > _tail.Length / 2 ? new LogEntry[_tail.Length * 2] : _tail;
        Array.Copy(_tail, _tailStart, target, 0, _tailCount);
        if (target == _tail)
            Array.Clear(_tail, _tailCount, _tail.Length - _tailCount);
        _tail = target;
        _tailStart = 0;
    }

    private void Evict()
    {
        while (_tailCount > 0 && _tailBytes - UnappliedBytes > _cacheBytes && FirstInMemory <= Math.Min(Applied, DurableIndex))
            DropFirst();
    }

    private void DropFirst()
    {
        ref var entry = ref _tail[_tailStart];
        _tailBytes -= entry.Size;
        if (entry.Index > Applied)
            UnappliedBytes -= entry.Size;
        entry = default;
        _tailStart++;
        _tailCount--;
        if (_tailCount == 0)
            _tailStart = 0;
    }

    private void UpdateDurable()
    {
        var durable = LastIndex;
        foreach (var append in _pending)
            durable = Math.Min(durable, append.First - 1);
        DurableIndex = Math.Max(durable, Base.Index);
    }

    /// <summary>
    /// An append the disk has not confirmed yet. Until it has, nothing from <paramref name="First"/> on counts as durable.
    /// </summary>
    private readonly record struct PendingAppend(long First, EntryId Last, long Bytes);
}
