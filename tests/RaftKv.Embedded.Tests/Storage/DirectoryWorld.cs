using Microsoft.Extensions.Logging.Abstractions;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>
/// A small data directory with all its parts: identity, two snapshots, and a log that continues the older one. The product's code creates
/// and opens it, and the state after each entry is known.
/// </summary>
internal sealed class DirectoryWorld
{
    private const string Root = "/data";
    private const string NodeId = "node1";
    private const int Entries = 60;
    private const int PerCommit = 4;

    private static readonly WalOptions Options = new() { SegmentBytes = 2048, PrepareInBackground = false };
    private static readonly Guid Cluster = Guid.Parse("66666666-7777-8888-9999-000000000000");

    private readonly Dictionary<long, ulong> _digests = [];
    private readonly List<(string Path, byte[] Bytes)> _files = [];
    private readonly bool _closed;
    private readonly Guid _incarnation;

    /// <param name="closed">Whether the node was stopped and did not crash. Then the last commit must be there too.</param>
    public DirectoryWorld(bool closed)
    {
        _closed = closed;
        Disk.CreateDirectory(Root);
        foreach (var directory in (string[])["wal", "snapshots"])
            Disk.CreateDirectory(Path.Combine(Root, directory));
        var identity = LocalIdentity.Open(Disk, Root, NodeId);
        identity.Adopt(Cluster);
        _incarnation = identity.Incarnation;
        using var snapshots = new SnapshotStore(Disk, Path.Combine(Root, "snapshots"));
        var wal = Wal.Open(Disk, Path.Combine(Root, "wal"), Options, out _);
        Fill(wal, snapshots);
        if (closed)
            wal.Close();
        else
            wal.Dispose();
        foreach (var directory in (string[])[Root, Path.Combine(Root, "wal"), Path.Combine(Root, "snapshots")])
            _files.AddRange(Disk.ListFiles(directory).Select(name => Path.Combine(directory, name)).Select(path => (path, Disk.Read(path))));
    }

    public MemoryFileSystem Disk { get; private set; } = new();

    public IReadOnlyList<(string Path, byte[] Bytes)> Files => _files;

    /// <summary>Restores the directory as it was left, except for one file; <c>null</c> removes that file.</summary>
    public void Lay(string path, byte[]? bytes)
    {
        Disk = new MemoryFileSystem();
        foreach (var directory in (string[])["wal", "snapshots"])
            Disk.CreateDirectory(Path.Combine(Root, directory));
        foreach (var (other, good) in _files)
        {
            if (other != path)
                Disk.Replace(other, good);
            else if (bytes is not null)
                Disk.Replace(path, bytes);
        }
    }

    /// <summary>
    /// Starts as a node does. Returns true if it started with the right state, and false if it refused for an allowed reason.
    /// </summary>
    public bool MustBeRightOrRefuse(string what)
    {
        try
        {
            var identity = LocalIdentity.Open(Disk, Root, NodeId);
            using var snapshots = new SnapshotStore(Disk, Path.Combine(Root, "snapshots"));
            var state = StartupRecovery.LoadState(snapshots, _ => new DictionaryKvStore(), NullLogger.Instance);
            using var wal = Wal.Open(Disk, Path.Combine(Root, "wal"), Options with { MustExist = true }, out var recovery);
            var start = StartupRecovery.Join(identity, wal, recovery, state, NullLogger.Instance)!;
            Assert.True((identity.ClusterId, identity.Incarnation) == (Cluster, _incarnation), $"{what}: another node came up");
            MustBeRight(what, start, wal, state);
            return true;
        }
        catch (RaftKvStorageException e)
        {
            Assert.True(e.Error is RaftKvStorageError.Damaged or RaftKvStorageError.NewerFormat, $"{what}: {e}");
            Assert.Contains(Root, e.Message, StringComparison.Ordinal);
            return false;
        }
    }

    private void MustBeRight(string what, RaftStart start, Wal wal, KvStateMachine state)
    {
        var read = new List<LogEntry>();
        if (start.LastIndex > state.Applied.Index)
            wal.Read(state.Applied.Index + 1, start.LastIndex, int.MaxValue, read);
        foreach (var entry in read)
            state.Apply(entry);
        var isWhole = start.LastIndex == Entries && start.Term == 9 && start.VotedFor == "node2";
        // Damage to the last commit cannot be distinguished from a crash during that commit. Nothing else may be missing.
        var lacksLast = start.LastIndex == Entries - PerCommit && start.Term == 3;
        Assert.True(isWhole || (lacksLast && !_closed), $"{what}: it came up with entry {start.LastIndex}, term {start.Term}");
        Assert.True(_digests[start.LastIndex] == state.Digest(), $"{what}: the state at entry {start.LastIndex} is another");
    }

    private void Fill(Wal wal, SnapshotStore snapshots)
    {
        var machine = new KvStateMachine(new DictionaryKvStore());
        for (var index = 1L; index <= Entries; index++)
        {
            var term = index <= 20 ? 1 : index <= Entries - PerCommit ? 3 : 9;
            if (index is 1 or 21)
                wal.SaveVote(term, NodeId);
            if (index == Entries - PerCommit + 1)
                wal.SaveVote(9, "node2");
            var entry = EntryOf(index, term);
            wal.Append([entry]);
            machine.Apply(entry);
            _digests[index] = machine.Digest();
            if (index % PerCommit == 0)
                wal.Commit();
            if (index is 20 or 40)
            {
                using (var snapshot = machine.CaptureSnapshot())
                    snapshots.Write(Cluster, snapshot, CancellationToken.None);
                // The older snapshot stays usable, because the log reaches back to it.
                wal.TruncatePrefix(21);
            }
        }
    }

    private static LogEntry EntryOf(long index, long term)
    {
        byte[] payload;
        if (index == 1)
            return new LogEntry(term, index, 1_000, EntryKind.Configuration, new ClusterConfiguration([new Member(NodeId, "127.0.0.1:1111", Guid.Empty, MemberRole.Voter)]).Encode());
        if (index == 2)
            KvCommand.WriteOpenSession(payload = new byte[KvCommand.OpenSessionBytes], Guid.Empty, 3600);
        else if (index % 5 == 0)
            payload = StateMachine.Entries.DeleteCommand(2, index, BitConverter.GetBytes(index / 2));
        else
            payload = StateMachine.Entries.SetCommand(2, index, BitConverter.GetBytes(index % 17), new byte[index]);
        return new LogEntry(term, index, 1_000 + index, EntryKind.Command, payload);
    }
}
