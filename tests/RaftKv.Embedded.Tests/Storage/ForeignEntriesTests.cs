using RaftKv.Embedded.Node;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>A replica never deletes a file that it did not make, and refuses a directory that is used for something else.</summary>
public sealed class ForeignEntriesTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), $"raftkv-foreign-{Guid.NewGuid():N}");
    private readonly OsFileSystem _fs = new();

    public void Dispose()
    {
        if (Directory.Exists(_root))
            Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [InlineData("store/catalogue.db")]
    [InlineData("store/1/hlog.txt")]
    [InlineData("store/images/cat.png")]
    [InlineData("snapshots/mine.snap")]
    [InlineData("snapshots/notes.tmp")]
    [InlineData("snapshots/film.part")]
    [InlineData("snapshots/snapshot-0000000000000000007-0000000000000000001.snap")]
    [InlineData("wal/journal.log")]
    [InlineData("appsettings.json")]
    public void A_directory_without_an_identity_and_with_foreign_entries_is_refused_by_name_and_left_alone(string name)
    {
        var path = Put(name);

        var failure = Assert.Throws<RaftKvStorageException>(() => DataDirectory.Open(_fs, _root));

        Assert.Equal(RaftKvStorageError.ForeignDirectory, failure.Error);
        Assert.Contains(string.Join('/', name.Split('/').Take(2)), failure.Message, StringComparison.Ordinal);
        Assert.Equal(name, File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_a_volume_and_an_interrupted_first_start_leave_is_no_foreign_entry()
    {
        foreach (var directory in (string[])["lost+found", "store/lost+found", "wal", "snapshots", "store"])
            Directory.CreateDirectory(Path.Combine(_root, directory));
        Put("lock");
        Put("identity.tmp");

        using var directoryOf = DataDirectory.Open(_fs, _root);
        LocalIdentity.Open(_fs, _root, "node1");
    }

    [Fact]
    public void With_an_identity_foreign_entries_do_no_harm_and_stay()
    {
        using (DataDirectory.Open(_fs, _root))
            LocalIdentity.Open(_fs, _root, "node1");
        var foreign = ((string[])["store/catalogue.db", "store/3/hlog.7.bak", "store/images/cat.png", "snapshots/mine.tmp", "snapshots/mine.part", "wal/journal.log", "notes"]).Select(Put).ToArray();
        var ours = Put("store/3/hlog.7");

        using var directory = DataDirectory.Open(_fs, _root);
        using (var snapshots = new SnapshotStore(_fs, directory.Snapshots))
        {
            snapshots.BeginReceive(new(1, 5), 100);
            snapshots.AbandonReceive();
        }
        _ = new StoreFactory(_fs, directory.Store, new RaftKvOptions());

        Assert.All(foreign, path => Assert.True(File.Exists(path), path));
        Assert.False(File.Exists(ours));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restore_never_deletes_the_backup_that_lies_in_the_directory_it_restores_into(bool hasIdentity)
    {
        if (hasIdentity)
        {
            using (DataDirectory.Open(_fs, _root))
                LocalIdentity.Open(_fs, _root, "node1");
        }
        var backup = Put("snapshots/snapshot-0000000000000000007-0000000000000000001.snap");
        await using var stream = File.OpenRead(backup);

        var failure = await Assert.ThrowsAsync<RaftKvStorageException>(() => RaftKvBackup.RestoreAsync(stream, _root, "node1", "127.0.0.1:1", TestContext.Current.CancellationToken));

        Assert.True(failure.Error is RaftKvStorageError.ForeignDirectory or RaftKvStorageError.NotEmpty);
        Assert.True(File.Exists(backup));
    }

    private string Put(string name)
    {
        var path = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, name);
        return path;
    }
}
