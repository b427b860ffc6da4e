using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

internal sealed partial class Wal
{
    /// <summary>Makes everything buffered durable: one write, one sync. After a crash it is there as a whole or not at all.</summary>
    /// <exception cref="WalNoRoomException">There is no room for the next segment. What is buffered stays so: call again when there is.</exception>
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
            // Who the members are is durable in every mode: a node that knows its cluster and no configuration could never vote or lead again.
            if (!_options.SyncsCommits && _batch.HasConfiguration)
            {
                _index.SyncAll();
                _syncedCommit = _commit;
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
    /// The log restarts behind a snapshot that is durable: every entry is dropped, the next one is <paramref name="newBase"/>.Index + 1. Durable when it
    /// returns; of what was buffered, the vote is kept.
    /// </summary>
    /// <exception cref="WalNoRoomException">There is no room for the next segment: call again when there is.</exception>
    public void Reset(EntryId newBase)
    {
        ThrowIfUnusable();
        Guarded(() =>
        {
            var active = _index.Active;
            var segment = Begin(active.Sequence + 1, WalSegmentHeader.MaxBytes, _commit + 1, isReset: true, newBase, _vote, out var chain);
            _batch.Clear();
            segment.File.Write(0, _batch.WithHeader(segment.HeaderBytes));
            segment.File.Sync();

            (_commit, _chain) = (_commit + 1, chain);
            _syncedCommit = _commit;
            (_durableVote, _durableLast) = (_vote, newBase);
            _terms.Reset(newBase);
            var removed = _index.Restart(segment);
            WriteTail(times: 2);
            Delete(removed);
        });
    }

    private void CommitInPlace()
    {
        var segment = _index.Active;
        var chain = WalRecord.Seal(_batch.Records, (uint)(_commit + 1), _chain, segment.Salt);
        segment.File.Write(segment.End, _batch.Records);
        if (_options.SyncsCommits)
            segment.File.Sync();
        Committed(chain, segment.End + _batch.Length);
    }

    // The header goes into the same write. The new segment is named in the tail before the commit is acknowledged, so that its loss would be noticed. It is synced in every mode: a log whose older
    // segments are gone begins with this header.
    private void CommitInNewSegment()
    {
        var old = _index.Active;
        var needed = (long)WalSegmentHeader.MaxBytes + _batch.Length;
        var segment = Begin(old.Sequence + 1, needed, _commit, isReset: false, _durableLast, _durableVote, out var headerCrc);
        var chain = WalRecord.Seal(_batch.Records, (uint)(_commit + 1), headerCrc, segment.Salt);
        segment.File.Write(0, _batch.WithHeader(segment.HeaderBytes));
        segment.File.Sync();
        _index.AddSegment(segment);
        Committed(chain, segment.HeaderBytes + _batch.Length);
        WriteTail(times: 1);
    }

    private void Committed(uint chain, long end)
    {
        (_commit, _chain) = (_commit + 1, chain);
        (_durableVote, _durableLast) = (_vote, _terms.Last);
        _index.Publish(_batch.Records, end);
    }

    private WalSegment Begin(long sequence, long least, long commit, bool isReset, EntryId @base, WalVote vote, out uint crc)
    {
        var file = _preparer.Take(sequence, _options.SegmentBytes, least);
        var bytes = file.Length;
        var header = new WalSegmentHeader(sequence, bytes, commit, _chain, isReset, @base, vote, _options.NewSalt());
        var size = header.WriteBefore(_batch.HeaderRoom, out crc);
        // A little more than there were in the last one: a list that grows by a single entry is twice as large.
        var expected = _index.Active.Offsets.Count / 8 * 9;
        return new WalSegment(sequence, Path.Combine(_directory, WalSegment.NameOf(sequence)), file, bytes, size, @base, header.Salt, expected);
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
}
