using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The replicated log, and the term and vote, on disk. One thread writes: it buffers with <see cref="Append"/>, <see cref="SaveVote"/> and
/// <see cref="TruncateSuffix"/>, and <see cref="Commit"/> makes all of it durable with one write and one sync, whole or not at all. Any
/// thread may read what is durable. A failed write or sync is final: which bytes the disk has is unknown from then on, so the log refuses
/// everything until it is opened, and verified, again.
/// </summary>
internal sealed class Wal : IDisposable
{
    public const string DamageAdvice =
        "Stop this node, remove its data directory, then remove the node from the cluster and add it again through a healthy node.";

    /// <summary>Marker file: in the last run, a write or sync of the log failed.</summary>
    public const string MarkerName = "poisoned";

    private readonly IFileSystem _fs;
    private readonly string _directory;
    private readonly WalOptions _options;
    private readonly WalPreparer _preparer;
    private readonly WalIndex _index;
    private readonly TermIndex _terms;
    private readonly WalBatch _batch = new();
    private readonly WalTailFile _tail;

    /// <summary>The last commit that is known to be on the disk. Used only when commits are not synced.</summary>
    private long _syncedCommit;
    private WalVote _vote;
    private WalPosition _durable;
    private volatile Exception? _failure;
    private bool _disposed;

    internal Wal(IFileSystem fs, string directory, WalOptions options, WalReplay replay, WalPreparer preparer, WalTailFile tail)
    {
        (_fs, _directory, _options, _preparer) = (fs, directory, options, preparer);
        (_index, _terms, _tail, _vote) = (replay.Index, replay.Terms, tail, replay.Vote);
        _durable = new WalPosition(replay.Commit, replay.Chain, replay.Vote, replay.Terms.Last);
        _syncedCommit = replay.Commit;
    }

    /// <summary>Opens the log, or creates it. Verifies every byte of the log, and makes the log durable as it was read.</summary>
    /// <exception cref="RaftKvStorageException">
    /// The disk fails; or <see cref="RaftKvStorageError.Damaged"/>: something is wrong that no interrupted write explains; or
    /// <see cref="RaftKvStorageError.NewerFormat"/>. In the latter two cases nothing was changed.
    /// </exception>
    public static Wal Open(IFileSystem fs, string directory, WalOptions options, out WalRecovery recovery) =>
        new WalOpener(fs, directory, options).Open(out recovery);

    /// <summary>Whether a name in the log's directory is the name of a file that a log creates.</summary>
    public static bool IsOwnName(string name) =>
        name is MarkerName or WalTail.FileName or (WalTail.FileName + ".tmp") || WalSegment.TryParseName(name, out _);

    /// <summary>The last entry, including buffered entries. Writer only.</summary>
    public EntryId Last => _terms.Last;

    /// <summary>The entry before the first of the log. Writer only.</summary>
    public EntryId Base => _terms.Base;

    /// <summary>Writer only.</summary>
    public long Term => _vote.Term;

    /// <summary>Writer only.</summary>
    public string? VotedFor => _vote.VotedFor;

    /// <summary>The number of the last commit that was written. Writer only.</summary>
    public long LastCommit => _durable.Commit;

    /// <summary>The bytes that the next <see cref="Commit"/> writes. Writer only.</summary>
    public int BufferedBytes => _batch.Length;

    /// <summary>Any thread.</summary>
    public long LastDurableIndex => _index.LastIndex;

    /// <summary>
    /// Buffers entries. If the index of the first one is not greater than that of <see cref="Last"/>, the entries from this index on are
    /// replaced.
    /// </summary>
    public void Append(ReadOnlySpan<LogEntry> entries)
    {
        ThrowIfUnusable();
        if (entries.IsEmpty)
            return;
        if (entries[0].Index <= _terms.Last.Index)
            TruncateSuffix(entries[0].Index);
        foreach (ref readonly var entry in entries)
        {
            _terms.Append(entry.Id);
            _batch.AddEntry(entry);
        }
    }

    /// <summary>Buffers the term, the vote and the length of the longest promise to a leader, in milliseconds.</summary>
    public void SaveVote(long term, string? votedFor, int promiseMs = 0)
    {
        ThrowIfUnusable();
        var vote = new WalVote(term, votedFor, promiseMs);
        Invariant.Holds(term >= _vote.Term, "the term never decreases");
        Invariant.Holds(term > _vote.Term || _vote.VotedFor is null || votedFor == _vote.VotedFor, "a vote is given once per term");
        Invariant.Holds(vote.Size <= WalVote.MaxBytes, "a node id is short");
        _vote = vote;
        _batch.AddVote(vote);
    }

    /// <summary>Buffers the removal of the entries from <paramref name="from"/> on.</summary>
    public void TruncateSuffix(long from)
    {
        ThrowIfUnusable();
        if (from > _terms.Last.Index)
            return;
        var last = _terms.IdAt(from - 1);
        _terms.TruncateAfter(last);
        _batch.AddTruncation(last);
    }

    /// <summary>Makes everything buffered durable: one write, one sync. After a crash all of it is there, or nothing.</summary>
    /// <exception cref="WalNoRoomException">
    /// There is no room for the next segment. The records stay buffered: call again when there is room.
    /// </exception>
    public void Commit()
    {
        ThrowIfUnusable();
        if (_batch.IsEmpty)
            return;
        try
        {
            if (_index.Active.End + _batch.Length <= _index.Active.Bytes)
                CommitInPlace();
            else
                CommitInNewSegment();
            // A configuration is made durable in every mode: a node with a cluster id and without a configuration could never vote or lead
            // again.
            if (!_options.SyncsCommits && _batch.HasConfiguration)
            {
                _index.SyncAll();
                _syncedCommit = _durable.Commit;
            }
        }
        catch (Exception e) when (e is not WalNoRoomException)
        {
            Fail(e);
            throw;
        }
        _batch.Clear();
        if (_options.PrepareInBackground && _index.Active.End >= _index.Active.Bytes / 4)
            _preparer.Request(_index.Active.Sequence + 1, _options.SegmentBytes);
    }

    /// <summary>Deletes the segments whose entries are all before <paramref name="first"/>. A durable snapshot must cover them.</summary>
    public void TruncatePrefix(long first)
    {
        ThrowIfUnusable();
        Guarded(() =>
        {
            var removed = _index.RemoveBefore(first);
            if (removed.Count == 0)
                return;
            _terms.TruncateUntil(_index.Base);
            WriteTail(times: 2);
            Delete(removed);
        });
    }

    /// <summary>
    /// Restarts the log behind a durable snapshot: drops every entry; the next one will be <paramref name="newBase"/>.Index + 1. Durable
    /// when it returns. Of the buffered records, only the vote is kept.
    /// </summary>
    /// <exception cref="WalNoRoomException">There is no room for the next segment: call again when there is.</exception>
    public void Reset(EntryId newBase)
    {
        ThrowIfUnusable();
        Guarded(() =>
        {
            var active = _index.Active;
            var segment = Begin(active.Sequence + 1, WalSegmentHeader.MaxBytes, _durable.Commit + 1, isReset: true, newBase, _vote,
                out var chain);
            _batch.Clear();
            segment.File.Write(0, _batch.WithHeader(segment.HeaderBytes));
            segment.File.Sync();

            _durable = new WalPosition(_durable.Commit + 1, chain, _vote, newBase);
            _syncedCommit = _durable.Commit;
            _terms.Reset(newBase);
            var removed = _index.Restart(segment);
            WriteTail(times: 2);
            Delete(removed);
        });
    }

    /// <summary>
    /// Reads the durable entries <paramref name="from"/> to <paramref name="to"/>, both included, as many as fit into <paramref
    /// name="maxBytes"/> but at least one, and verifies them again. Returns how many; 0 when the first one is not in the log (any more).
    /// Any thread.
    /// </summary>
    /// <exception cref="RaftKvStorageException">
    /// The disk fails, or <see cref="RaftKvStorageError.Damaged"/>: it no longer has the bytes that were written.
    /// </exception>
    public int Read(long from, long to, int maxBytes, List<LogEntry> into) =>
        WalReader.Read(_index, from, to, maxBytes, into);

    /// <summary>How many bytes of durable log follow an entry. Any thread.</summary>
    public long BytesSince(long index) => _index.BytesSince(index);

    /// <summary>
    /// The first entry to keep so that about <paramref name="bytesBehind"/> bytes up to and including <paramref name="index"/> remain. Any
    /// thread.
    /// </summary>
    public long FirstIndexKeepingBytes(long bytesBehind, long index) => _index.FirstIndexKeepingBytes(bytesBehind, index);

    /// <summary>
    /// Closes the log cleanly: syncs commits that are not synced yet, and writes the end of the log to the file <c>tail</c>. Drops buffered
    /// records.
    /// </summary>
    public void Close()
    {
        if (_disposed)
            return;
        try
        {
            if (_failure is null)
                Guarded(WriteLastTail);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Closes the files without a write.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _preparer.Dispose();
        _index.ReleaseAll();
        _tail.Dispose();
    }

    private void CommitInPlace()
    {
        var segment = _index.Active;
        var chain = WalRecord.Seal(_batch.Records, (uint)(_durable.Commit + 1), _durable.Chain, segment.Salt);
        segment.File.Write(segment.End, _batch.Records);
        if (_options.SyncsCommits)
            segment.File.Sync();
        Committed(chain, segment.End + _batch.Length);
    }

    // The header is part of the same write. The tail names the new segment before the commit is acknowledged, so that a loss of the segment
    // is noticed. The segment is synced in every mode: after older segments are deleted, the log begins with this header.
    private void CommitInNewSegment()
    {
        var old = _index.Active;
        var needed = (long)WalSegmentHeader.MaxBytes + _batch.Length;
        var segment = Begin(old.Sequence + 1, needed, _durable.Commit, isReset: false, _durable.Last, _durable.Vote, out var headerCrc);
        var chain = WalRecord.Seal(_batch.Records, (uint)(_durable.Commit + 1), headerCrc, segment.Salt);
        segment.File.Write(0, _batch.WithHeader(segment.HeaderBytes));
        segment.File.Sync();
        _index.AddSegment(segment);
        Committed(chain, segment.HeaderBytes + _batch.Length);
        WriteTail(times: 1);
    }

    private void Committed(uint chain, long end)
    {
        _durable = new WalPosition(_durable.Commit + 1, chain, _vote, _terms.Last);
        _index.Publish(_batch.Records, end);
    }

    private WalSegment Begin(long sequence, long least, long commit, bool isReset, EntryId @base, WalVote vote, out uint crc)
    {
        var file = _preparer.Take(sequence, _options.SegmentBytes, least);
        var bytes = file.Length;
        var header = new WalSegmentHeader(sequence, bytes, commit, _durable.Chain, isReset, @base, vote, _options.NewSalt());
        var size = header.WriteBefore(_batch.HeaderRoom, out crc);
        // 1/8 more than the last segment had: a list that exceeds its capacity by a single entry doubles it.
        var expected = _index.Active.Offsets.Count / 8 * 9;
        return new WalSegment(sequence, Path.Combine(_directory, WalSegment.NameOf(sequence)), file, bytes, size, @base, header.Salt,
            expected);
    }

    private void Delete(List<WalSegment> segments)
    {
        foreach (var segment in segments)
        {
            _index.Release(segment);
            _fs.Delete(segment.Path);
        }
        _fs.SyncDirectory(_directory);
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure is { } failure)
        {
            throw new RaftKvStorageException((failure as RaftKvStorageException)?.Error ?? RaftKvStorageError.Io,
                $"The log in {_directory} stopped after an earlier failure. Nothing is written until the node is "
                    + $"restarted: {failure.Message}",
                failure);
        }
    }

    private void Guarded(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is not WalNoRoomException)
        {
            Fail(e);
            throw;
        }
    }

    // After a failed sync the page cache may show bytes that the disk never got, and a later sync reports success (fsyncgate): nothing may
    // be retried here. The marker makes the next start write the active segment again before it trusts what it reads.
    private void Fail(Exception failure)
    {
        _failure = failure;
        try
        {
            using var marker = _fs.Open(Path.Combine(_directory, MarkerName), FileOpenMode.Create);
            marker.Write(0, System.Text.Encoding.UTF8.GetBytes(failure.Message));
            marker.Sync();
            _fs.SyncDirectory(_directory);
        }
        catch
        {
            // Best effort, on a disk that just failed. Without the marker the next start still writes the last commit again, the only one
            // in doubt.
        }
    }

    /// <summary>Writes the tail of a log that is closed: every commit is on the disk, in both modes.</summary>
    private void WriteLastTail()
    {
        if (!_options.SyncsCommits)
            _index.SyncAll();
        _syncedCommit = _durable.Commit;
        _tail.Write(_index, _durable.Commit, _durable.Last, syncedCommit: null, times: 1);
    }

    internal void WriteTail(int times) =>
        _tail.Write(_index, _durable.Commit, _durable.Last, _options.SyncsCommits ? null : _syncedCommit, times);
}
