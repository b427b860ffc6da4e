using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// What this node has seen of its peers' data directories, across its own restarts: a directory that comes back older has forgotten votes
/// and entries that it acknowledged. Any thread.
/// </summary>
/// <remarks>
/// Three things are remembered of each incarnation: its newest start (count and random id), the newest term it made durable and whether it
/// voted in it, and how far it acknowledged the log to this node in that term. A follower's durable log never gets shorter than that within
/// the term, and terms never decrease, so a directory that starts with less has lost it. What a directory told to peers that cannot be
/// reached when it comes back is known to those peers only; see docs/durability.md.
/// </remarks>
internal sealed class PeerMemory(IFileSystem files, string directory)
{
    private readonly Lock _gate = new();

    /// <summary>In the order in which the peers were last heard, the newest last.</summary>
    private readonly List<PeerRecord> _records = [.. PeerRecordFile.Load(files, directory)];
    private bool _hasNewStart;
    private bool _hasNewMark;

    /// <summary>Whether a peer's directory, as its introduction describes it, is older than what was seen of it.</summary>
    public bool IsOlder(PeerHello hello)
    {
        lock (_gate)
            return hello.Start is { } told && Find(hello.Incarnation) is var at and >= 0 && IsOlder(told, _records[at]);
    }

    /// <summary>Records an introduction that was accepted.</summary>
    public void Note(PeerHello hello)
    {
        if (hello.Start is not { } told)
            return;
        lock (_gate)
        {
            var at = Find(hello.Incarnation);
            var known = at >= 0 ? _records[at] : new PeerRecord { Incarnation = hello.Incarnation };
            if (at >= 0 && (known.Starts, known.StartId) == (told.Count, told.Ids[0]))
            {
                Put(at, known);
                return;
            }
            _hasNewStart = true;
            Put(at, Later(known, told.Term, told.HasVoted, 0) with { Starts = told.Count, StartId = told.Ids[0] });
        }
    }

    /// <summary>Records what a message proves about the sender's disk.</summary>
    public void Note(Guid incarnation, RaftMessage message)
    {
        // The term of a pre-vote is the one that the candidate would begin.
        var provesTerm = message is not (RequestVote { PreVote: true } or VoteReply { PreVote: true });
        var hasVoted = message is RequestVote or VoteReply { Granted: true };
        var match = message is AppendReply { Accepted: true } reply ? reply.Match : 0;
        lock (_gate)
        {
            var at = Find(incarnation);
            if (at < 0)
                return;
            var known = _records[at];
            var later = provesTerm ? Later(known, message.Term, hasVoted, match) : known;
            Put(at, later);
            _hasNewMark |= later != known;
        }
    }

    /// <summary>
    /// Whether there is something to save: a new start at once, everything else when <paramref name="all"/>. Then it must be saved.
    /// </summary>
    public bool TryBeginSave(bool all)
    {
        lock (_gate)
        {
            if (!_hasNewStart && !(all && _hasNewMark))
                return false;
            _hasNewStart = _hasNewMark = false;
            return true;
        }
    }

    /// <summary>One thread at a time. Durable when it returns.</summary>
    public void Save()
    {
        PeerRecord[] records;
        lock (_gate)
            records = [.. _records];
        try
        {
            PeerRecordFile.Save(files, directory, records);
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
        {
            lock (_gate)
                _hasNewMark = true;
        }
    }

    private static bool IsOlder(PeerStart told, in PeerRecord known)
    {
        var back = told.Count - known.Starts;
        if (back < 0 || (back < told.Ids.Count && told.Ids[(int)back] != known.StartId))
            return true;
        // Of the same run of the peer, messages may have been recorded that are newer than the state at its start, which is what it tells.
        if (back == 0 || told.Term > known.Term)
            return false;
        return told.Term < known.Term || (known.HasVoted && !told.HasVoted) || told.LastIndex < known.Match;
    }

    private static PeerRecord Later(in PeerRecord known, long term, bool hasVoted, long match)
    {
        if (term > known.Term)
            return known with { Term = term, HasVoted = hasVoted, Match = match };
        return term < known.Term ? known : known with { HasVoted = known.HasVoted || hasVoted, Match = Math.Max(known.Match, match) };
    }

    private int Find(Guid incarnation)
    {
        for (var i = 0; i < _records.Count; i++)
        {
            if (_records[i].Incarnation == incarnation)
                return i;
        }
        return -1;
    }

    /// <summary>
    /// Keeps a record of a peer that was heard just now. When there are too many, a new one takes the place of the peer that was not heard
    /// for the longest time: peers that have left are forgotten, and members that run for years are not.
    /// </summary>
    private void Put(int at, in PeerRecord record)
    {
        if (at < 0 && _records.Count == PeerRecordFile.MaxRecords)
            at = 0;
        if (at >= 0)
            _records.RemoveAt(at);
        _records.Add(record);
    }
}
