using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Tests.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Recovery;

/// <summary>
/// What a restore writes to the disk. A power cut at any of its writes leaves all of it, or a directory that can be restored into again.
/// </summary>
public sealed class NewClusterTests
{
    private static readonly Guid OldCluster = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    private readonly byte[] _backup;
    private readonly EntryId _last;
    private readonly long _session;

    public NewClusterTests()
    {
        var machine = new KvStateMachine(new DictionaryKvStore());
        var log = new Entries(machine);
        _session = log.Open(nonce: OldCluster);
        log.Set(_session, 1, "a", "1");
        log.Set(_session, 2, "b", "2");
        var disk = new MemoryFileSystem();
        using var store = new SnapshotStore(disk, "old");
        using (var snapshot = machine.CaptureSnapshot())
            store.Write(OldCluster, snapshot, CancellationToken.None);
        _last = machine.Applied;
        _backup = disk.Read(Path.Combine("old", disk.ListFiles("old").Single()));
    }

    [Fact]
    public async Task The_new_cluster_goes_on_above_the_old_one_and_knows_none_of_its_sessions()
    {
        var disk = new MemoryFileSystem();

        var restored = await RestoreAsync(disk);
        var (machine, start, clusterId) = Open(disk);

        Assert.NotEqual(OldCluster, clusterId);
        Assert.Equal(restored.ClusterId, clusterId);
        Assert.True(start.LastIndex > _last.Index + 1_000_000);
        Assert.True(start.Term > _last.Term);
        Assert.Equal(restored.Version.Value, start.LastIndex);
        Assert.Equal("node1", Assert.Single(start.SnapshotConfiguration.Members).NodeId);
        Assert.Equal(2, machine.Store.Count);
        Assert.True(machine.Store.TryGetHeader("a"u8, out var header));
        Assert.Equal(_last.Index - 1, header.Version);
        // A repeated write of the old cluster is not executed, because it is unknown whether it was executed before.
        var repeated = new byte[KvCommand.SetBytes(1, 1)];
        KvCommand.WriteSet(repeated, KvCondition.Always, "a"u8, "9"u8);
        KvCommand.Patch(repeated, _session, 1, 1);
        Assert.Equal(ApplyStatus.SessionExpired, machine.Apply(new LogEntry(start.Term, start.LastIndex + 1, 0, EntryKind.Command, repeated)).Status);
    }

    [Fact]
    public async Task A_power_cut_at_any_write_leaves_all_of_it_or_nothing_that_counts()
    {
        var cuts = 0;
        for (var k = 1; ; k++)
        {
            var disk = new MemoryFileSystem();
            disk.CutPowerAt(k);
            var failure = await Record.ExceptionAsync(() => RestoreAsync(disk));
            if (failure is null)
                break;
            Assert.IsType<PowerCutException>(failure);
            cuts++;
            if (k % 3 == 0)
                disk.CrashLosingAll();
            else if (k % 3 == 1)
                disk.CrashKeepingAll();
            else
                disk.Crash(new Prng((ulong)k));

            if (!NewCluster.Exists(disk, "data", "node1"))
                await RestoreAsync(disk);
            Assert.Equal(2, Open(disk).Machine.Store.Count);
        }
        Assert.True(cuts > 20, $"only {cuts} operations were cut");
    }

    [Fact]
    public async Task A_directory_in_which_a_restore_was_interrupted_does_not_start()
    {
        var disk = new MemoryFileSystem();
        var refused = 0;
        for (var k = 1; k < 60; k++)
        {
            disk = new MemoryFileSystem();
            disk.CutPowerAt(k);
            if (await Record.ExceptionAsync(() => RestoreAsync(disk)) is null)
                break;
            disk.CrashKeepingAll();
            using var directory = DataDirectory.Open(disk, "data");
            var hasCluster = NewCluster.Exists(disk, "data", "node1");
            var laidOut = disk.ListFiles(directory.Wal).Count + disk.ListFiles(directory.Snapshots).Count > 0;
            var error = Record.Exception(() => DirectoryMarkers.ThrowIfUnfinished(disk, directory, hasCluster));
            Assert.False(laidOut && !hasCluster && error is null, $"after a power cut at operation {k} half a restore would start");
            Assert.False(hasCluster && error is not null);
            refused += error is null ? 0 : 1;
        }
        Assert.True(refused > 0);
    }

    [Fact]
    public async Task A_directory_of_a_cluster_is_refused_and_left_alone()
    {
        var disk = new MemoryFileSystem();
        await RestoreAsync(disk);
        var before = Open(disk).ClusterId;

        var refused = await Assert.ThrowsAsync<RaftKvStorageException>(() => RestoreAsync(disk));

        Assert.Equal(RaftKvStorageError.NotEmpty, refused.Error);
        Assert.Equal(before, Open(disk).ClusterId);
    }

    private async Task<RaftKvRestored> RestoreAsync(MemoryFileSystem disk)
    {
        var stream = new MemoryStream(_backup);
        using var cluster = NewCluster.Prepare(disk, "data", "node1", "127.0.0.1:1");
        return await cluster.RestoreAsync((into, token) => stream.ReadAtLeastAsync(into, into.Length, false, token), CancellationToken.None);
    }

    private static (KvStateMachine Machine, RaftStart Start, Guid ClusterId) Open(MemoryFileSystem disk)
    {
        using var directory = DataDirectory.Open(disk, "data");
        var identity = NodeIdentity.Load(disk, "data", "node1")!;
        DirectoryMarkers.ThrowIfUnfinished(disk, directory, identity.HasCluster);
        using var snapshots = new SnapshotStore(disk, directory.Snapshots);
        var store = new DictionaryKvStore();
        var content = snapshots.Load(snapshots.List()[0].Last, store, CancellationToken.None);
        Assert.Equal(identity.ClusterId, content.ClusterId);
        Assert.Equal(identity.Incarnation, content.State.Configuration.Find("node1")!.Incarnation);
        using var wal = Wal.Open(disk, directory.Wal, new WalOptions { MustExist = true, PrepareInBackground = false, SegmentBytes = 1024 * 1024 }, out var recovery);
        Assert.True(recovery.Continues(content.State.Last));
        var start = recovery.ToStart(content.State.Last, content.State.Configuration, content.State.ConfigurationIndex, content.State.LogTimeMs);
        return (new KvStateMachine(store, content.State), start, identity.ClusterId);
    }
}
