using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The replicated log, and the term and vote, on disk. One thread writes: it buffers with <see cref="Append"/>, <see cref="SaveVote"/> and
/// <see cref="TruncateSuffix"/>, and <see cref="Commit"/> makes all of it durable with one write and one sync, whole or not at all. Any thread may
/// read what is durable. A failed write or sync is final: which bytes the disk has is unknown from then on, so the log refuses everything
/// until it is opened, and verified, again.
/// </summary>
internal sealed partial class Wal : IDisposable
{
    public const string DamageAdvice =
        "Stop this node, remove its data directory, then remove the node from the cluster and add it again through a healthy node.";

    /// <summary>The file that says: the last run met a failing disk.</summary>
    public const string MarkerName = "poisoned";

    private readonly IFileSystem _fs;
    private readonly string _directory;
    private readonly WalOptions _options;
    private readonly WalPreparer _preparer;
    private readonly WalIndex _index;
    private readonly TermIndex _terms;
    private readonly WalBatch _batch = new();
    private readonly IStorageFile _tailFile;

    /// <summary>The last commit that is known to be on the disk; behind <see cref="_commit"/> only when commits are not synced.</summary>
    private long _syncedCommit;
    private WalTail _tail;
    private WalVote _vote;
    private WalVote _durableVote;
    private EntryId _durableLast;
    private long _commit;
    private uint _chain;
    private volatile Exception? _failure;
    private bool _disposed;

    internal Wal(IFileSystem fs, string directory, WalOptions options, WalReplay replay, WalPreparer preparer, WalTail tail, IStorageFile tailFile)
    {
        (_fs, _directory, _options, _preparer) = (fs, directory, options, preparer);
        (_index, _terms, _tail, _tailFile) = (replay.Index, replay.Terms, tail, tailFile);
        (_vote, _durableVote, _durableLast) = (replay.Vote, replay.Vote, replay.Terms.Last);
        (_commit, _chain) = (replay.Commit, replay.Chain);
        _syncedCommit = _commit;
    }

    /// <summary>Opens the log, or creates it; verifies every byte of it and leaves it durable as it was found.</summary>
    /// <exception cref="RaftKvStorageException">
    /// The disk fails; or <see cref="RaftKvStorageError.Damaged"/>: something is wrong that no interrupted write explains; or
    /// <see cref="RaftKvStorageError.NewerFormat"/>. In the latter two cases nothing was changed.
    /// </exception>
    public static Wal Open(IFileSystem fs, string directory, WalOptions options, out WalRecovery recovery) =>
        new WalOpener(fs, directory, options).Open(out recovery);

    /// <summary>Whether a file in the log's directory has a name that a log gives.</summary>
    public static bool IsOwnName(string name) =>
        name is MarkerName or WalTail.FileName or (WalTail.FileName + ".tmp") || WalSegment.TryParseName(name, out _);

    /// <summary>The last entry, what is not yet committed included. Writer only.</summary>
    public EntryId Last => _terms.Last;

    /// <summary>The entry before the first of the log. Writer only.</summary>
    public EntryId Base => _terms.Base;

    /// <summary>Writer only.</summary>
    public long Term => _vote.Term;

    /// <summary>Writer only.</summary>
    public string? VotedFor => _vote.VotedFor;

    /// <summary>The number of the last commit that was written. Writer only.</summary>
    public long LastCommit => _commit;

    /// <summary>What the next <see cref="Commit"/> writes. Writer only.</summary>
    public int BufferedBytes => _batch.Length;

    /// <summary>Any thread.</summary>
    public long LastDurableIndex => _index.LastIndex;

    /// <summary>Buffers entries. Where the first one's index is not behind the last entry, that suffix is replaced.</summary>
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

    /// <summary>Buffers term, vote and the length of the longest promise to a leader.</summary>
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

    /// <summary>How many bytes of durable log follow an entry. Any thread.</summary>
    public long BytesSince(long index) => _index.BytesSince(index);

    /// <summary>The first entry to keep so that about <paramref name="bytesBehind"/> bytes up to and with <paramref name="index"/> remain. Any thread.</summary>
    public long FirstIndexKeepingBytes(long bytesBehind, long index) => _index.FirstIndexKeepingBytes(bytesBehind, index);

    /// <summary>The clean end: what is committed is synced, if it was not, and written down in the second place as well. What is not committed is dropped.</summary>
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

    /// <summary>Lets go of the files as they are.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _preparer.Dispose();
        _index.ReleaseAll();
        _tailFile.Dispose();
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure is { } failure)
        {
            throw new RaftKvStorageException((failure as RaftKvStorageException)?.Error ?? RaftKvStorageError.Io,
                $"The log in {_directory} stopped after an earlier failure, and works again after a restart of the node: {failure.Message}", failure);
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

    // After a failed sync the page cache may show bytes the disk never got, and a later sync reports success (fsyncgate): nothing may be retried here. The
    // marker makes the next start write the end of the log again before it trusts what it reads.
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
            // Best effort, on a disk that just failed. Without the marker the next start still writes the last commit again, the only one in doubt.
        }
    }

    /// <summary>After this one every commit is on the disk, in both modes.</summary>
    private void WriteLastTail()
    {
        if (!_options.SyncsCommits)
            _index.SyncAll();
        _syncedCommit = _commit;
        WriteTail(times: 1, isBuffered: false);
    }

    /// <summary>Twice fills both slots: neither may lead back to segments that are about to be deleted.</summary>
    internal void WriteTail(int times) => WriteTail(times, isBuffered: !_options.SyncsCommits);

    private void WriteTail(int times, bool isBuffered)
    {
        for (var i = 0; i < times; i++)
        {
            var next = new WalTail(_tail.Generation + 1, _index.FirstSequence, _index.Active.Sequence, _commit, _durableLast, isBuffered ? _syncedCommit : null);
            next.Write(_tailFile);
            _tailFile.Sync();
            _tail = next;
        }
    }
}
