using System.Buffers.Binary;
using RaftKv.Embedded;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Fuzz.Targets;

/// <summary>One damaged file of a log whose other files are whole. An input is the number of the file, and its bytes.</summary>
internal sealed class WalTarget : FuzzTarget
{
    private const string Directory = "/data/wal";

    private static readonly WalOptions Options = new() { SegmentBytes = 1024, PrepareInBackground = false, NewSalt = static () => 0x2A17_0C55 };

    private readonly MemoryFileSystem _disk = new();
    private readonly string[] _paths;
    private readonly byte[][] _good;
    private readonly Dictionary<long, LogEntry> _written = [];
    private readonly List<LogEntry> _read = [];

    public WalTarget()
    {
        using (var wal = Wal.Open(_disk, Directory, Options, out _))
        {
            wal.SaveVote(1, "node1");
            for (var index = 1L; index <= 24; index += 3)
                Append(wal, index, index / 8 + 1);
            wal.SaveVote(9, "node2");
            Append(wal, 20, 9);
            wal.Close();
        }
        _paths = [.. _disk.ListFiles(Directory).Select(name => Path.Combine(Directory, name))];
        _good = [.. _paths.Select(_disk.Read)];
        Corpus = [.. _good.Select((bytes, i) => (byte[])[(byte)i, .. bytes]), .. SegmentsAlone(Golden("wal-v1"))];
    }

    public override IReadOnlyList<byte[]> Corpus { get; }

    public override void Reseal(Span<byte> input)
    {
        if (input.Length < 1)
            return;
        var file = input[1..];
        if (_paths[input[0] % _paths.Length].EndsWith(WalTail.FileName, StringComparison.Ordinal))
        {
            BlockChecksums.Reseal(file, stretch: false);
            if (file.Length > 4096)
                BlockChecksums.Reseal(file[4096..], stretch: false);
            return;
        }
        ResealSegment(file);
    }

    public override bool Take(byte[] input, bool isAuthentic)
    {
        var which = input.Length == 0 ? 0 : input[0] % _paths.Length;
        for (var i = 0; i < _paths.Length; i++)
            _disk.Replace(_paths[i], i == which ? input.AsSpan(Math.Min(1, input.Length)) : _good[i]);
        foreach (var name in _disk.ListFiles(Directory))
        {
            if (!_paths.Contains(Path.Combine(Directory, name)))
                _disk.Lose(Path.Combine(Directory, name));
        }
        try
        {
            using var wal = Wal.Open(_disk, Directory, Options, out var recovery);
            _read.Clear();
            wal.Read(wal.Base.Index + 1, wal.LastDurableIndex, int.MaxValue, _read);
            Require(_read.Count == wal.LastDurableIndex - wal.Base.Index, "an opened log has holes");
            Require(recovery.Last == wal.Last, "what was recovered is not what is there");
            if (!isAuthentic)
                MustBeWhatWasWritten(wal);
            return true;
        }
        catch (RaftKvStorageException e) when (e.Error is RaftKvStorageError.Damaged or RaftKvStorageError.NewerFormat)
        {
            return false;
        }
    }

    /// <summary>The log was closed, so its end is known: a log that opens must have all its entries.</summary>
    private void MustBeWhatWasWritten(Wal wal)
    {
        Require(wal.Term == 9 && wal.VotedFor == "node2", "term or vote were lost");
        Require(_read.Count == _written.Count, "entries were lost");
        foreach (var entry in _read)
        {
            var written = _written[entry.Index];
            Require(entry.Id == written.Id && entry.TimeMs == written.TimeMs && entry.Payload.Span.SequenceEqual(written.Payload.Span), "an entry is not what was written");
        }
    }

    private void Append(Wal wal, long from, long term)
    {
        LogEntry[] entries = [.. Enumerable.Range(0, 3).Select(i => new LogEntry(term, from + i, 1_000 + from + i, EntryKind.Command, new byte[40 + (from + i) % 7]))];
        wal.Append(entries);
        wal.Commit();
        foreach (var index in _written.Keys.Where(i => i >= from).ToList())
            _written.Remove(index);
        foreach (var entry in entries)
            _written[entry.Index] = entry;
    }

    private IEnumerable<byte[]> SegmentsAlone(byte[] segment)
    {
        for (var i = 0; i < _paths.Length; i++)
            yield return [(byte)i, .. segment];
    }

    /// <summary>
    /// Corrects the checksums of the header and of the chained records, as far as the lengths of the records can be followed.
    /// </summary>
    private static void ResealSegment(Span<byte> file)
    {
        var at = BlockChecksums.Reseal(file, stretch: false);
        if (at == 0)
            return;
        var chain = BinaryPrimitives.ReadUInt32LittleEndian(file[(at - 4)..]);
        var salt = file.Length < 68 || BinaryPrimitives.ReadUInt32LittleEndian(file[8..]) == 1 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(file[64..]);
        while (at + WalRecord.MinBytes <= file.Length && WalRecord.PeekSize(file[at..], file.Length - at) is var size and > 0)
        {
            var record = file.Slice(at, size);
            BinaryPrimitives.WriteUInt32LittleEndian(record[^WalRecord.TrailerBytes..], chain);
            chain = Crc32C.Continue(salt, record[..^4]);
            BinaryPrimitives.WriteUInt32LittleEndian(record[^4..], chain);
            at += size;
        }
    }
}
