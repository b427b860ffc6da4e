using System.Buffers.Binary;
using RaftKv.Embedded;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Fuzz.Targets;

/// <summary>The file of a snapshot, from the disk or from a leader: damage is refused.</summary>
internal sealed class SnapshotTarget : FuzzTarget
{
    private const string Directory = "/data/snapshots";

    private readonly MemoryFileSystem _disk = new();
    private readonly byte[] _golden = Golden("snapshot-v1");
    private readonly SnapshotStore _snapshots;
    private readonly EntryId _last;
    private readonly string _path;
    private readonly HashSet<ulong> _good = [];

    public SnapshotTarget()
    {
        _disk.CreateDirectory(Directory);
        _snapshots = new SnapshotStore(_disk, Directory);
        _last = new EntryId(BinaryPrimitives.ReadInt64LittleEndian(_golden.AsSpan(32)), BinaryPrimitives.ReadInt64LittleEndian(_golden.AsSpan(40)));
        _path = Path.Combine(Directory, $"snapshot-{_last.Index:D19}-{_last.Term:D19}.snap");
        Corpus = [_golden, Large(), WithLifetimes()];
        foreach (var good in Corpus)
        {
            _disk.Replace(_path, good);
            _good.Add(Load()!.Digest());
        }
    }

    public override IReadOnlyList<byte[]> Corpus { get; }

    public override void Reseal(Span<byte> input)
    {
        if (input.Length < SnapshotFile.PrefixBytes + SnapshotFile.ChecksumBytes)
            return;
        var body = BinaryPrimitives.ReadUInt32LittleEndian(input[12..]);
        if (body > input.Length - SnapshotFile.PrefixBytes - SnapshotFile.ChecksumBytes)
            return;
        var at = SnapshotFile.PrefixBytes + (int)body;
        var checksum = Crc32C.Compute(input[..at]);
        BinaryPrimitives.WriteUInt32LittleEndian(input[at..], checksum);
        at += SnapshotFile.ChecksumBytes;
        while (at + SnapshotFile.ChunkFrameBytes + SnapshotFile.ChecksumBytes <= input.Length)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(input[(at + 4)..]);
            if (length > input.Length - at - SnapshotFile.ChunkFrameBytes - SnapshotFile.ChecksumBytes)
                return;
            var chunk = input.Slice(at, SnapshotFile.ChunkFrameBytes + (int)length);
            checksum = Crc32C.Continue(checksum, chunk);
            at += chunk.Length;
            BinaryPrimitives.WriteUInt32LittleEndian(input[at..], checksum);
            at += SnapshotFile.ChecksumBytes;
        }
    }

    /// <summary>The buffer of a chunk, and the memory that a session table in it may ask for.</summary>
    public override long MaxAllocatedBytes => 64 * 1024 * 1024;

    public override bool Take(byte[] input, bool isAuthentic)
    {
        _disk.Replace(_path, input);
        if (Load() is not { } machine)
            return false;
        Require(isAuthentic || _good.Contains(machine.Digest()), "damage was believed");
        return true;
    }

    private KvStateMachine? Load()
    {
        try
        {
            // As at the start of a node.
            return StartupRecovery.Load(_snapshots, _last, _ => new DictionaryKvStore(), CancellationToken.None);
        }
        catch (RaftKvStorageException e) when (e.Error is RaftKvStorageError.Damaged or RaftKvStorageError.NewerFormat)
        {
            return null;
        }
    }

    /// <summary>
    /// The golden snapshot with lifetimes, with the last entry of the first golden one, so that both have the same file name.
    /// </summary>
    private byte[] WithLifetimes()
    {
        var bytes = Golden("snapshot-lifetimes-v1");
        _golden.AsSpan(32, 16).CopyTo(bytes.AsSpan(32));
        Reseal(bytes);
        return bytes;
    }

    /// <summary>A snapshot with several keys and sessions, deletions and lifetimes, with the same last entry.</summary>
    private byte[] Large()
    {
        var machine = new KvStateMachine(new DictionaryKvStore());
        var state = new KvState(_last, 2_000, ClusterConfiguration.Empty, 0, new SessionTarget().Corpus[2]);
        var file = new MemoryFileSystem();
        file.CreateDirectory(Directory);
        for (var i = 0; i < 20; i++)
            machine.Store.Put(BitConverter.GetBytes(i + 1), new RecordHeader(i + 1, 1, 1, i % 3 == 0 ? 5_000 : 0, i % 5 == 0 ? 3 : 0), new byte[i * 3]);
        using var records = new KvSnapshot(state, machine.Store.Checkpoint(state.Last.Index), machine.Store.Count);
        new SnapshotStore(file, Directory).Write(Guid.Empty, records, CancellationToken.None);
        return file.Read(_path);
    }
}
