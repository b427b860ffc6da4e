using System.Buffers.Binary;
using System.Text;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Backup and restore as an operator does them, with whole nodes.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_backup_taken_under_writes_is_restored_into_a_new_cluster_that_others_join()
    {
        var file = _folder.Sub("backup");
        RaftKvBackupInfo info;
        Guid oldCluster;
        var versions = new Dictionary<string, KvVersion>();
        await using (var old = await StartAsync(1))
        {
            for (var i = 0; i < 200; i++)
                versions[$"k{i}"] = (await old.Kv.SetAsync($"k{i}", Encoding.UTF8.GetBytes($"v{i}"), cancellationToken: Cancel)).Version;
            using var stop = new CancellationTokenSource();
            var writing = WriteAsync(old, stop.Token);
            await using (var stream = File.Create(file))
                info = await old.Cluster.BackupAsync(stream, cancellationToken: Cancel);
            await stop.CancelAsync();
            await writing;
            oldCluster = old.Cluster.Status.ClusterId;
            Assert.True(info.Version >= versions["k199"]);
        }
        await using (var stream = File.OpenRead(file))
            Assert.Equal(info, await RaftKvBackup.VerifyAsync(stream, Cancel));
        Assert.Equal(oldCluster, info.ClusterId);

        RaftKvRestored restored;
        await using (var stream = File.OpenRead(file))
            restored = await RaftKvBackup.RestoreAsync(stream, _folder.Sub("new1"), "node1", $"127.0.0.1:{_ports[0]}", Cancel);
        await using var one = await StartAsync(1, "new1");
        await using var two = await StartAsync(2, "new2");
        await one.Cluster.WaitUntilReadyAsync(Cancel);
        await one.Cluster.AddMemberAsync("node2", $"127.0.0.1:{_ports[1]}", Cancel);
        await two.Cluster.WaitUntilReadyAsync(Cancel);

        Assert.NotEqual(oldCluster, one.Cluster.Status.ClusterId);
        Assert.Equal(restored.ClusterId, two.Cluster.Status.ClusterId);
        foreach (var (key, version) in versions)
            Assert.Equal(version, (await two.Kv.GetAsync(key, cancellationToken: Cancel)).Version);
        var written = await two.Kv.SetAsync("k0", "new"u8.ToArray(), new KvSetOptions { When = KvCondition.VersionIs(versions["k0"]) }, Cancel);
        Assert.True(written.Applied);
        Assert.True(written.Version > restored.Version);
        Assert.True(restored.Version > info.Version);
    }

    [Fact]
    public async Task RestoreFrom_fills_an_empty_directory_and_later_starts_ignore_it()
    {
        var file = await BackupAsync();
        await using (var node = await StartAsync(1, "new1", file))
        {
            await node.Cluster.WaitUntilReadyAsync(Cancel);
            await node.Kv.SetAsync("b", "2"u8.ToArray(), cancellationToken: Cancel);
        }
        File.Delete(file);
        await using var again = await StartAsync(1, "new1", file);
        await again.Cluster.WaitUntilReadyAsync(Cancel);

        Assert.True((await again.Kv.GetAsync("a", cancellationToken: Cancel)).Found);
        Assert.True((await again.Kv.GetAsync("b", cancellationToken: Cancel)).Found);
    }

    [Fact]
    public async Task RestoreFrom_that_is_left_in_the_configuration_of_a_member_whose_disk_is_replaced_restores_nothing()
    {
        var file = await BackupAsync();
        await using var two = await StartAsync(2);
        await using var three = await StartAsync(3);
        await using (var first = await StartAsync(1, "new1", file))
        {
            await first.Cluster.WaitUntilReadyAsync(Cancel);
            await first.Cluster.AddMemberAsync("node2", two.Cluster.Status.Address, Cancel);
            await first.Cluster.AddMemberAsync("node3", three.Cluster.Status.Address, Cancel);
            await first.Kv.SetAsync("later", "2"u8.ToArray(), cancellationToken: Cancel);
        }
        // Another disk, and a copy of the backup without the .restored file beside it: only the cluster itself can prevent the restore.
        File.Copy(file, file + "2");

        await using var again = await StartAsync(1, "replaced", file + "2", listensFor: 60);
        Assert.NotEqual(Guid.Empty, two.Cluster.Status.ClusterId);
        await again.Cluster.WaitUntilReadyAsync(Cancel);

        Assert.Equal(two.Cluster.Status.ClusterId, again.Cluster.Status.ClusterId);
        Assert.True((await again.Kv.GetAsync("later", cancellationToken: Cancel)).Found);
    }

    [Fact]
    public async Task One_backup_file_founds_one_cluster_and_a_second_restore_is_refused_by_name()
    {
        var file = await BackupAsync();
        await using (var node = await StartAsync(1, "new1", file))
            await node.Cluster.WaitUntilReadyAsync(Cancel);

        var refused = await Assert.ThrowsAsync<RaftKvStorageException>(() => StartAsync(1, "replaced", file));
        Assert.Equal(RaftKvStorageError.AlreadyRestored, refused.Error);
        Assert.Contains($"delete {file}.restored", refused.Message, StringComparison.Ordinal);

        File.Delete(file + ".restored");
        await using var other = await StartAsync(1, "replaced", file);
        await other.Cluster.WaitUntilReadyAsync(Cancel);
        Assert.True((await other.Kv.GetAsync("a", cancellationToken: Cancel)).Found);
    }

    [Fact]
    public async Task What_is_not_a_whole_backup_is_refused_by_name_before_anything_is_touched()
    {
        byte[] backup;
        await using (var old = await StartAsync(1))
        {
            for (var i = 0; i < 50; i++)
                await old.Kv.SetAsync($"k{i}", new byte[1000], cancellationToken: Cancel);
            using var stream = new MemoryStream();
            await old.Cluster.BackupAsync(stream, cancellationToken: Cancel);
            backup = stream.ToArray();
        }

        for (var i = 0; i < backup.Length; i += 997)
        {
            var flipped = backup.ToArray();
            flipped[i] ^= 0x40;
            await RefusedAsync(flipped);
            await RefusedAsync(backup[..i]);
        }
        await RefusedAsync([.. backup, 0]);
        await RefusedAsync(WithOtherSessionBytes(backup));
        await RefusedAsync(Encoding.UTF8.GetBytes("{\"this\":\"is another file altogether, and long enough to be read\"}"));
        Assert.False(Directory.Exists(_folder.Sub("new")) && File.Exists(Path.Combine(_folder.Sub("new"), "identity")));

        var restored = await RaftKvBackup.RestoreAsync(new MemoryStream(backup), _folder.Sub("new"), "node1", "127.0.0.1:1", Cancel);
        Assert.Equal(50, restored.Backup.KeyCount);
    }

    [Fact]
    public async Task A_slow_reader_of_a_backup_holds_up_neither_writes_nor_another_backup_nor_a_snapshot()
    {
        await using var node = await StartAsync(1);
        for (var i = 0; i < 20; i++)
            await node.Kv.SetAsync($"k{i}", new byte[256 * 1024], cancellationToken: Cancel);
        var pipe = new System.IO.Pipelines.Pipe(new System.IO.Pipelines.PipeOptions(pauseWriterThreshold: 1024 * 1024, resumeWriterThreshold: 512 * 1024));
        var slow = node.Cluster.BackupAsync(pipe.Writer.AsStream(), cancellationToken: Cancel);

        for (var i = 0; i < 20; i++)
            await node.Kv.SetAsync($"k{i}", new byte[128 * 1024], cancellationToken: Cancel);
        await node.Cluster.TakeSnapshotAsync(Cancel);
        await node.Cluster.TakeSnapshotAsync(Cancel);
        using var other = new MemoryStream();
        var second = await node.Cluster.BackupAsync(other, cancellationToken: Cancel);
        Assert.False(slow.IsCompleted);

        var bytes = new MemoryStream();
        var copying = pipe.Reader.AsStream().CopyToAsync(bytes, Cancel);
        var first = await slow;
        await pipe.Writer.CompleteAsync();
        await copying;
        Assert.True(first.Version < second.Version);
        bytes.Position = other.Position = 0;
        Assert.Equal(first, await RaftKvBackup.VerifyAsync(bytes, Cancel));
        Assert.Equal(second, await RaftKvBackup.VerifyAsync(other, Cancel));
    }

    [Fact]
    public async Task An_older_snapshot_serves_a_backup_that_may_be_older_and_a_version_of_the_future_is_refused()
    {
        await using var node = await StartAsync(1);
        await node.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel);
        var snapshot = await node.Cluster.TakeSnapshotAsync(Cancel);
        var written = await node.Kv.SetAsync("b", "2"u8.ToArray(), cancellationToken: Cancel);

        var old = await node.Cluster.BackupAsync(new MemoryStream(), KvVersion.None, Cancel);
        var fresh = await node.Cluster.BackupAsync(new MemoryStream(), cancellationToken: Cancel);
        var never = await Assert.ThrowsAsync<RaftKvUnavailableException>(() => node.Cluster.BackupAsync(new MemoryStream(), new KvVersion(1_000_000), Cancel));

        Assert.Equal(snapshot, old.Version);
        Assert.Equal(written.Version, fresh.Version);
        Assert.Equal(RaftKvUnavailableReason.NotReady, never.Reason);
    }

    /// <summary>Creates a backup of one key, and returns its path.</summary>
    private async Task<string> BackupAsync()
    {
        var file = _folder.Sub("backup");
        await using var old = await StartAsync(1);
        await old.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel);
        await using var stream = File.Create(file);
        await old.Cluster.BackupAsync(stream, cancellationToken: Cancel);
        return file;
    }

    /// <summary>The backup with another size of the session table in its end chunk, and a right checksum.</summary>
    private static byte[] WithOtherSessionBytes(byte[] backup)
    {
        const int ChunkBytes = SnapshotFile.ChunkFrameBytes + SnapshotFile.EndBytes;
        var changed = backup.ToArray();
        var checksum = changed.AsSpan(changed.Length - SnapshotFile.ChecksumBytes);
        var chunk = changed.AsSpan(changed.Length - SnapshotFile.ChecksumBytes - ChunkBytes, ChunkBytes);
        var before = changed.AsSpan(changed.Length - ChunkBytes - 2 * SnapshotFile.ChecksumBytes);
        chunk[^sizeof(long)] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Crc32C.Continue(BinaryPrimitives.ReadUInt32LittleEndian(before), chunk));
        return changed;
    }

    private async Task RefusedAsync(byte[] backup)
    {
        var verified = await Assert.ThrowsAsync<RaftKvStorageException>(() => RaftKvBackup.VerifyAsync(new MemoryStream(backup), Cancel));
        var restored = await Assert.ThrowsAsync<RaftKvStorageException>(() => RaftKvBackup.RestoreAsync(new MemoryStream(backup), _folder.Sub("new"), "node1", "127.0.0.1:1", Cancel));
        Assert.Equal(RaftKvStorageError.Damaged, verified.Error);
        Assert.Equal(RaftKvStorageError.Damaged, restored.Error);
    }

    private static async Task WriteAsync(TestNode node, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
            await node.Kv.SetAsync($"later{i % 100}", BitConverter.GetBytes(i), cancellationToken: CancellationToken.None);
    }

    private Task<TestNode> StartAsync(int number, string? directory = null, string? restoreFrom = null, double listensFor = 0.2) => TestNode.StartAsync(o =>
    {
        o.NodeId = $"node{number}";
        o.DataDirectory = _folder.Sub(directory ?? o.NodeId);
        o.ListenAddress = $"127.0.0.1:{_ports[number - 1]}";
        o.RequestTimeout = TimeSpan.FromSeconds(10);
        o.RestoreFrom = restoreFrom;
        o.RestoreGuardTime = TimeSpan.FromSeconds(listensFor);
    });
}
