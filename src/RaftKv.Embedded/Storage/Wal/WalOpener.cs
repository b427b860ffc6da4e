using System.Buffers.Binary;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Opens a log. First reads and verifies all files without changing them, and refuses a state that no interrupted run can leave. Then
/// repairs the state that an interrupted run left.
/// </summary>
internal sealed class WalOpener(IFileSystem fs, string directory, WalOptions options)
{
    private const int HeaderReadBytes = 4096;

    private readonly WalReplay _replay = new();
    private readonly SortedDictionary<long, Found> _found = [];
    private readonly List<WalSegment> _opened = [];
    private WalTail _tail;

    /// <summary>
    /// The log is accepted up to the first error. A power cut may lose any of the commits that were never synced, in part and in any order,
    /// so that such a loss cannot be distinguished from damage.
    /// </summary>
    private bool TakesPrefix => options.UpToDamage || _tail.IsBuffered;

    /// <summary>A segment file. Without a header, it was preallocated and never used, or its first write was interrupted.</summary>
    private sealed record Found(WalSegmentHeader? Header, int HeaderBytes, uint Crc);

    public Wal Open(out WalRecovery recovery)
    {
        var started = options.Clock.GetTimestamp();
        fs.CreateDirectory(directory);
        IStorageFile? tailFile = null;
        var preparer = new WalPreparer(fs, directory);
        try
        {
            var poisoned = fs.FileExists(PathOf(Wal.MarkerName));
            tailFile = OpenTail();
            Survey();
            var isNew = _tail.LastSegment == 0 && _found.Values.All(f => f.Header is null);
            var cut = isNew ? 0 : Replay(out var end) ? end - _replay.Index.Active.End : 0;
            CheckTail();

            Delete(_found.Keys.Where(IsUnused));
            if (isNew)
                CreateFirst(preparer);
            else
                Repair(cut, poisoned);
            // Sync what the last run left only in the page cache, before anything depends on it.
            if (_tail.IsBuffered)
                _replay.Index.SyncAll();
            var wal = new Wal(fs, directory, options, _replay, preparer, new WalTailFile(tailFile, _tail));
            wal.WriteTail(times: 2);
            // Delete older segments only now: the tail or the reset that makes them obsolete may have been only in the page cache, because
            // a sync failed. Now it is durable.
            Delete(_found.Keys.Where(IsDone));
            if (poisoned)
            {
                fs.Delete(PathOf(Wal.MarkerName));
                fs.SyncDirectory(directory);
            }
            recovery = Describe(cut, poisoned, started);
            return wal;
        }
        catch
        {
            preparer.Dispose();
            tailFile?.Dispose();
            foreach (var segment in _opened)
                segment.File.Dispose();
            throw;
        }
    }

    private IStorageFile OpenTail()
    {
        var path = PathOf(WalTail.FileName);
        if (options.UpToDamage)
            return OpenTailOfDamaged(path);
        if (!fs.FileExists(path))
        {
            if (options.MustExist || fs.ListFiles(directory).Any(name => WalSegment.TryParseName(name, out _)))
                throw new RaftKvStorageException(RaftKvStorageError.Damaged, $"The log is damaged: {path} is missing. {Wal.DamageAdvice}");
            _tail = WalTail.Create(fs, directory);
        }
        var file = fs.Open(path, FileOpenMode.ReadWrite);
        try
        {
            _tail = WalTail.Read(file, path)
                ?? throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                    $"The log is damaged: neither half of {path} is readable. {Wal.DamageAdvice}");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>For recovery tools: without a readable tail, the log begins with the oldest readable segment.</summary>
    private IStorageFile OpenTailOfDamaged(string path)
    {
        var file = fs.Open(path, fs.FileExists(path) ? FileOpenMode.ReadWrite : FileOpenMode.Create);
        _tail = WalTail.Read(file, path) ?? new WalTail(0, FirstSegment: 1, LastSegment: 0, Commit: 0, default);
        return file;
    }

    private void Survey()
    {
        var bytes = new byte[HeaderReadBytes];
        foreach (var name in fs.ListFiles(directory))
        {
            if (!WalSegment.TryParseName(name, out var sequence))
                continue;
            using var file = fs.Open(PathOf(name), FileOpenMode.Read);
            var header = WalSegmentHeader.Read(bytes.AsSpan(0, file.Read(0, bytes)), PathOf(name), out var size, out var crc);
            if (header is not null && FileDamage(header, sequence, name, file.Length) is { } damage)
                header = TakesPrefix ? null : throw damage;
            _found.Add(sequence, new Found(header, size, crc));
        }
    }

    private RaftKvStorageException? FileDamage(WalSegmentHeader header, long sequence, string name, long length)
    {
        if (header.Sequence != sequence)
            return WalReader.Damaged(PathOf(name), 0, 0, $"it is segment {header.Sequence} under a wrong name");
        return header.Bytes > length ? WalReader.Damaged(PathOf(name), length, 0, $"the file was cut off; it had {header.Bytes:N0} bytes")
            : null;
    }

    /// <summary>
    /// Replays all segments in use. True if bytes other than zero follow the last whole commit, up to <paramref name="end"/>.
    /// </summary>
    private bool Replay(out long end)
    {
        var lastUsed = _found.LastOrDefault(f => f.Value.Header is not null).Key;
        // At most one segment in use may be missing in the tail: the tail names a new segment before its first commit is acknowledged.
        if (lastUsed > _tail.LastSegment + 1 && !TakesPrefix)
            throw Missing(_tail.LastSegment + 1);
        lastUsed = Math.Max(lastUsed, _tail.LastSegment);
        var first = _tail.FirstSegment;
        foreach (var (sequence, found) in _found)
        {
            if (found.Header is { IsReset: true })
                first = Math.Max(first, sequence);
        }

        if (options.UpToDamage && _found.FirstOrDefault(f => f.Key >= first && f.Value.Header is not null).Key is var readable and > 0)
            first = readable;

        WalWindow? window = null;
        for (var sequence = first; sequence <= lastUsed; sequence++)
        {
            if (TakesPrefix && window is not null
                && !(_found.TryGetValue(sequence, out var next) && next.Header is { } follows && _replay.FitsEnd(follows)))
                break;
            if (!_found.TryGetValue(sequence, out var found))
                throw Missing(sequence);
            if (found.Header is not { } header)
                throw WalReader.Damaged(PathOf(WalSegment.NameOf(sequence)), 0, _replay.Terms.Last.Index + 1,
                    "the beginning of the file is unreadable");
            var path = PathOf(WalSegment.NameOf(sequence));
            var segment = new WalSegment(sequence, path, fs.Open(path, FileOpenMode.ReadWrite), header.Bytes, found.HeaderBytes,
                header.Base, header.Salt);
            _opened.Add(segment);
            if (sequence == first)
                _replay.Start(segment, header, found.Crc);
            else
                _replay.Continue(segment, header, found.Crc);
            window = _replay.ReplayActive();
        }

        var active = _replay.Index.Active;
        end = window!.FindEnd(active.End);
        if (!TakesPrefix && end > active.End && _replay.FindLaterCommit(window, end) is { } later)
            throw WalReader.Damaged(active.Path, active.End, _replay.Terms.Last.Index + 1,
                $"a commit is unreadable, although a later commit at offset {later} is whole");
        return end > active.End;
    }

    private void CheckTail()
    {
        if (options.UpToDamage || _replay.Commit >= _tail.RequiredCommit)
            return;
        var active = _replay.Index.Active;
        throw WalReader.Damaged(active.Path, active.End, _replay.Terms.Last.Index + 1,
            $"the log ends here, with commit {_replay.Commit} and entry {_replay.Terms.Last}, but it had reached commit "
                + $"{_tail.RequiredCommit} and entry {_tail.Last}");
    }

    /// <summary>The segment was preallocated for later commits, or the first write to it was interrupted.</summary>
    private bool IsUnused(long sequence) => _opened.Count == 0 || sequence > _opened[^1].Sequence;

    /// <summary>No entry of the segment is in the log any more.</summary>
    private bool IsDone(long sequence) => sequence < _opened[0].Sequence;

    private void Delete(IEnumerable<long> segments)
    {
        var dead = segments.ToList();
        foreach (var sequence in dead)
            fs.Delete(PathOf(WalSegment.NameOf(sequence)));
        if (dead.Count > 0)
            fs.SyncDirectory(directory);
    }

    private void CreateFirst(WalPreparer preparer)
    {
        var file = preparer.Take(1, options.SegmentBytes, WalSegmentHeader.MaxBytes);
        var header = new WalSegmentHeader(1, file.Length, Commit: 0, Previous: 0, IsReset: false, default, default, options.NewSalt());
        Span<byte> room = stackalloc byte[WalSegmentHeader.MaxBytes];
        var size = header.WriteBefore(room, out var crc);
        var segment = new WalSegment(1, PathOf(WalSegment.NameOf(1)), file, file.Length, size, default, header.Salt);
        _opened.Add(segment);
        file.Write(0, room[^size..]);
        file.Sync();
        _replay.Start(segment, header, crc);
    }

    // Overwrites the remains of an interrupted commit with zeros, and writes the last commit again: if its sync failed in the last run, the
    // page cache shows it although the disk may not have it, and no later sync reports that. Earlier commits were durable before it was
    // begun. If the last run met a failed write or sync, the whole segment is written again.
    private void Repair(long cut, bool poisoned)
    {
        var active = _replay.Index.Active;
        if (poisoned)
        {
            var chunk = new byte[1024 * 1024];
            for (var offset = 0L; offset < active.Bytes; offset += chunk.Length)
            {
                var count = active.File.Read(offset, chunk.AsSpan(0, (int)Math.Min(chunk.Length, active.Bytes - offset)));
                active.File.Write(offset, chunk.AsSpan(0, count));
            }
        }
        var zeros = new byte[Math.Min(cut, 1024 * 1024)];
        for (var offset = 0L; offset < cut; offset += zeros.Length)
            active.File.Write(active.End + offset, zeros.AsSpan(0, (int)Math.Min(zeros.Length, cut - offset)));

        var start = _replay.LastCommitStart;
        var last = new byte[active.End - start];
        ReadOnlySpan<byte> read = last.AsSpan(0, active.File.Read(start, last));
        // Verify exactly the bytes that are written: the page may have been dropped and read again since the replay.
        if (read.Length < last.Length || BinaryPrimitives.ReadUInt32LittleEndian(read[^4..]) != _replay.Chain
            || !IsIntact(read, start, active))
            throw WalReader.Damaged(active.Path, start, _replay.Terms.Last.Index, "repeated reads returned different bytes");
        active.File.Write(start, last);
        active.File.Sync();
    }

    private static bool IsIntact(ReadOnlySpan<byte> bytes, long start, WalSegment segment)
    {
        if (start == 0)
        {
            if (WalSegmentHeader.Read(bytes, segment.Path, out var size, out _) is null)
                return false;
            bytes = bytes[size..];
        }
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < WalRecord.MinBytes || WalRecord.PeekSize(bytes, bytes.Length) == 0)
                return false;
            var record = WalRecord.At(bytes);
            if (!record.IsIntact(segment.Salt))
                return false;
            bytes = bytes[record.Size..];
        }
        return true;
    }

    private WalRecovery Describe(long cut, bool poisoned, long started)
    {
        var index = _replay.Index;
        var last = _replay.Terms.Last;
        var tail = new List<LogEntry>();
        if (last.Index > index.Base.Index)
            WalReader.Read(index, Math.Min(last.Index, index.FirstIndexKeepingBytes(options.TailCacheBytes, last.Index)), last.Index,
                int.MaxValue, tail);
        var configurations = new List<LogEntry>();
        foreach (var i in _replay.Configurations)
            WalReader.Read(index, i, i, 1, configurations);
        return new WalRecovery
        {
            Directory = directory,
            Term = _replay.Vote.Term,
            VotedFor = _replay.Vote.VotedFor,
            PromiseMs = _replay.Vote.PromiseMs,
            LogBase = index.Base,
            TermStarts = [.. _replay.Terms.Starts],
            Last = last,
            LastTimeMs = tail.Count > 0 ? tail[^1].TimeMs : 0,
            Configurations = configurations,
            Tail = tail,
            IsNew = _replay.Commit == 0,
            BytesCut = cut,
            WasPoisoned = poisoned,
            LostCommits = _tail.IsBuffered ? Math.Max(0, _tail.Commit - _replay.Commit) : 0,
            WasBuffered = _tail.IsBuffered,
            BytesRead = _replay.BytesRead,
            Duration = options.Clock.GetElapsedTime(started),
        };
    }

    private RaftKvStorageException Missing(long sequence) =>
        new(RaftKvStorageError.Damaged, $"The log is damaged: {PathOf(WalSegment.NameOf(sequence))} is missing. {Wal.DamageAdvice}");

    private string PathOf(string name) => Path.Combine(directory, name);
}
