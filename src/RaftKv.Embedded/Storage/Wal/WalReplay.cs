using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>Reads the log from its files, commit by commit, and verifies each byte on the way.</summary>
internal sealed class WalReplay
{
    private readonly List<long> _configurations = [];

    public WalIndex Index { get; } = new();

    public TermIndex Terms { get; } = new();

    public WalVote Vote { get; private set; }

    /// <summary>The number of the last whole commit.</summary>
    public long Commit { get; private set; }

    public uint Chain { get; private set; }

    /// <summary>
    /// Where the last whole commit begins in the active segment; 0 when it is the first one there, because the header was written with it.
    /// </summary>
    public long LastCommitStart { get; private set; }

    public long BytesRead { get; private set; }

    /// <summary>The indexes of the configuration entries.</summary>
    public IEnumerable<long> Configurations => _configurations.Where(i => i > Index.Base.Index);

    /// <summary>Begins with the oldest segment, or with a reset. Its header has the state of the log before it.</summary>
    public void Start(WalSegment segment, WalSegmentHeader header, uint headerCrc)
    {
        (Commit, Vote) = (header.Commit, header.Vote);
        Terms.Reset(header.Base);
        Enter(segment, headerCrc);
    }

    /// <summary>Whether a segment continues the log that was replayed so far.</summary>
    public bool FitsEnd(WalSegmentHeader header) =>
        header.Commit == Commit && header.Previous == Chain && header.Base == Terms.Last && header.Vote == Vote;

    /// <summary>Continues with the next segment, which must continue the previous one.</summary>
    public void Continue(WalSegment segment, WalSegmentHeader header, uint headerCrc)
    {
        var previous = Index.Active;
        if (!FitsEnd(header))
            throw WalReader.Damaged(previous.Path, previous.End, Terms.Last.Index + 1, $"{segment.Path} does not continue the log");
        Enter(segment, headerCrc);
    }

    /// <summary>Replays the whole commits of the active segment. Returns the window, for a check of the bytes behind them.</summary>
    public WalWindow ReplayActive()
    {
        var segment = Index.Active;
        var window = new WalWindow(segment.File, segment.Bytes);
        var chain = Chain;
        var offset = segment.End;
        while (TryGetNext(window, offset, chain, out var record))
        {
            offset += record.Size;
            chain = record.Crc;
            if (!record.IsLastOfCommit)
                continue;
            if (segment.End > segment.HeaderBytes)
                LastCommitStart = segment.End;
            var commit = window.Get(segment.End, (int)(offset - segment.End));
            Apply(commit, segment);
            Index.Publish(commit, offset);
            (Commit, Chain) = (Commit + 1, chain);
        }
        BytesRead += segment.End;
        return window;
    }

    /// <summary>
    /// The offset of a record behind the end that belongs to a later commit than the interrupted one; null if there is none. A commit is
    /// written only after its predecessor is durable, so such a record proves damage: no interrupted write leaves it.
    /// </summary>
    /// <param name="window">The window of the active segment.</param>
    /// <param name="to">
    /// Only zeros follow from here on. A record may extend beyond this offset, because a checksum may end in zeros.
    /// </param>
    public long? FindLaterCommit(WalWindow window, long to) =>
        LaterCommitSearch.Find(window, Index.Active.End, to, (uint)Commit, Index.Active.Salt);

    private void Enter(WalSegment segment, uint headerCrc)
    {
        Index.AddSegment(segment);
        Chain = headerCrc;
        LastCommitStart = 0;
    }

    private bool TryGetNext(WalWindow window, long offset, uint chain, out WalRecord record)
    {
        record = default;
        var header = window.Get(offset, WalRecord.HeaderBytes);
        if (header.Length < WalRecord.HeaderBytes)
            return false;
        var size = WalRecord.PeekSize(header, window.Length - offset);
        if (size == 0 || WalRecord.PeekCommit(header) != (uint)(Commit + 1))
            return false;
        var bytes = window.Get(offset, size);
        if (bytes.Length < size)
            return false;
        record = WalRecord.At(bytes);
        return record.Previous == chain && record.IsIntact(Index.Active.Salt);
    }

    // These records have a right checksum, so this library wrote them. A violation means that the program that wrote them had a bug, and
    // nothing that it wrote can be trusted.
    private void Apply(ReadOnlySpan<byte> commit, WalSegment segment)
    {
        while (!commit.IsEmpty)
        {
            var record = WalRecord.At(commit);
            commit = commit[record.Size..];
            switch (record.Type)
            {
                case WalRecordType.Entry:
                    if (record.Id.Index != Terms.Last.Index + 1 || record.Id.Term < Terms.Last.Term)
                        throw WalReader.Damaged(segment.Path, segment.End, Terms.Last.Index + 1, $"entry {record.Id} follows {Terms.Last}");
                    Terms.Append(record.Id);
                    if (record.Kind == EntryKind.Configuration)
                        _configurations.Add(record.Id.Index);
                    break;
                case WalRecordType.Truncate:
                    var last = record.Id;
                    if (last.Index > Terms.Last.Index || (last.Index >= Terms.Base.Index && last != Terms.IdAt(last.Index)))
                        throw WalReader.Damaged(segment.Path, segment.End, last.Index,
                            $"a record truncates the log after entry {last}, which the log does not have");
                    Terms.TruncateAfter(last);
                    _configurations.RemoveAll(i => i > last.Index);
                    break;
                case WalRecordType.Vote:
                    if (!WalVote.TryRead(record.Body, out var vote) || vote.Term < Vote.Term)
                        throw WalReader.Damaged(segment.Path, segment.End, Terms.Last.Index + 1,
                            "a vote is malformed, or of an earlier term than the vote before it");
                    Vote = vote;
                    break;
            }
        }
    }
}
