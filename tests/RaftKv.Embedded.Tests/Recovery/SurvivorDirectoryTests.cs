using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Tests.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Recovery;

/// <summary>A recovery counts the same entries of a directory as a start on it.</summary>
public sealed class SurvivorDirectoryTests
{
    private const string Root = "/data";

    private static readonly Guid Cluster = Guid.Parse("66666666-7777-8888-9999-000000000000");
    private static readonly WalOptions Options = new() { SegmentBytes = 4096, PrepareInBackground = false };

    private readonly MemoryFileSystem _disk = new();

    public SurvivorDirectoryTests()
    {
        using var directory = DataDirectory.Open(_disk, Root);
        LocalIdentity.Open(_disk, Root, "node1").Adopt(Cluster);
    }

    /// <summary>The node died between installing a snapshot of term 5 and restarting its log, which is longer and of term 3.</summary>
    [Fact]
    public void A_log_that_does_not_continue_the_snapshot_does_not_count()
    {
        Snapshot(new EntryId(5, 10));
        WriteLog(wal => wal.Append(WalWorld.Entries(1, 20, term: 3)));

        var survivor = Describe(upToDamage: false);

        Assert.Equal((5, 10), (survivor.LastTerm, survivor.LastVersion.Value));
    }

    [Fact]
    public void A_log_that_continues_the_snapshot_counts()
    {
        Snapshot(new EntryId(3, 10));
        WriteLog(wal => wal.Append(WalWorld.Entries(1, 20, term: 3)));

        var survivor = Describe(upToDamage: false);

        Assert.Equal((3, 20), (survivor.LastTerm, survivor.LastVersion.Value));
        Assert.Null(survivor.Damage);
    }

    [Fact]
    public void A_damaged_log_counts_up_to_its_damage_when_that_is_asked_for()
    {
        WriteLog(wal =>
        {
            for (var i = 1; i <= 60; i++)
            {
                wal.Append([WalWorld.Entry(i, term: 3)]);
                wal.Commit();
            }
        });
        _disk.File(Path.Combine(Root, "wal", WalSegment.NameOf(2))).Corrupt(1000, 1);

        Assert.Equal(RaftKvStorageError.Damaged, Assert.Throws<RaftKvStorageException>(() => Describe(upToDamage: false)).Error);
        var survivor = Describe(upToDamage: true);

        Assert.InRange(survivor.LastVersion.Value, 20, 59);
        Assert.Contains(WalSegment.NameOf(2), survivor.Damage, StringComparison.Ordinal);
        var plan = RecoveryPlanner.Plan([survivor with { Voters = ["node1"], IsVoter = true }]);
        Assert.False(plan.HasQuorum);
        Assert.True(plan.MayLoseWrites);
        Assert.Equal(["node1"], plan.MissingVoters);
        Assert.Contains(plan.Findings, f => f.StartsWith("Damaged: node1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_whole_survivor_is_better_than_a_damaged_one_that_has_as_much()
    {
        WriteLog(wal => wal.Append(WalWorld.Entries(1, 3, term: 3)));
        var whole = Describe(upToDamage: true) with { NodeId = "z" };

        var plan = RecoveryPlanner.Plan([whole with { NodeId = "a", Damage = "a hole" }, whole]);

        Assert.Equal("z", plan.Best.NodeId);
    }

    [Fact]
    public void A_survivor_that_cannot_be_marked_names_the_new_cluster()
    {
        WriteLog(wal => wal.Append(WalWorld.Entries(1, 3, term: 3)));
        var successor = Guid.Parse("11111111-2222-3333-4444-555555555555");
        var disk = new FaultyFileSystem(_disk);
        using (var survivor = SurvivorDirectory.Open(disk, Root))
        {
            disk.FailFrom(DeviceOperation.Sync, 1, RaftKvStorageError.DiskFull);
            var error = Assert.Throws<RaftKvStorageException>(() => survivor.RetireAfterRecovery(disk, successor, "/new"));

            Assert.Equal(RaftKvStorageError.DiskFull, error.Error);
            Assert.StartsWith($"The new cluster {successor} exists in /new", error.Message, StringComparison.Ordinal);
            Assert.Contains($"{Root} could not be marked as replaced", error.Message, StringComparison.Ordinal);

            disk.Before = null;
            survivor.Retire(disk, successor);
        }
        using var directory = DataDirectory.Open(_disk, Root);
        Assert.Equal(RaftKvStorageError.Retired,
            Assert.Throws<RaftKvStorageException>(() => DirectoryMarkers.ThrowIfRetired(_disk, directory)).Error);
    }

    [Fact]
    public void A_recovery_without_room_for_cold_records_ends_with_an_error_and_changes_nothing()
    {
        var sets = Enumerable.Range(1, 20).Select(i => new LogEntry(3, i, i, EntryKind.Command,
            StateMachine.Entries.SetCommand(session: 0, sequence: 0, BitConverter.GetBytes(i), new byte[100])));
        WriteLog(wal => wal.Append([.. sets]));
        var room = 10;
        using (var survivor = SurvivorDirectory.Open(_disk, Root))
        using (var cluster = NewCluster.Prepare(_disk, "/new", "node1", "127.0.0.1:1"))
        {
            var error = Assert.Throws<RaftKvStorageException>(() =>
                survivor.StartWith(cluster, _ => new DictionaryKvStore { HasRoom = () => room-- > 0 }, CancellationToken.None));

            Assert.Equal(RaftKvStorageError.DiskFull, error.Error);
            Assert.Contains("The new cluster was not created", error.Message, StringComparison.Ordinal);
        }
        Assert.False(NewCluster.Exists(_disk, "/new", "node1"));
        Assert.Equal(20, Describe(upToDamage: false).LastVersion.Value);

        // With room the same call succeeds.
        using (var survivor = SurvivorDirectory.Open(_disk, Root))
        using (var cluster = NewCluster.Prepare(_disk, "/new", "node1", "127.0.0.1:1"))
            survivor.StartWith(cluster, _ => new DictionaryKvStore(), CancellationToken.None);
        Assert.True(NewCluster.Exists(_disk, "/new", "node1"));
    }

    [Fact]
    public void A_recovery_does_not_apply_the_log_of_a_newer_level_and_changes_nothing()
    {
        var self = new Member("node1", "127.0.0.1:1", Guid.NewGuid(), MemberRole.Voter);
        var newer = new ClusterConfiguration([self], FeatureLevels.Current + 1);
        WriteLog(wal => wal.Append([new LogEntry(3, 1, 1, EntryKind.Configuration, newer.Encode())]));
        using (var survivor = SurvivorDirectory.Open(_disk, Root))
        using (var cluster = NewCluster.Prepare(_disk, "/new", "node1", "127.0.0.1:1"))
        {
            var error = Assert.Throws<RaftKvStorageException>(() =>
                survivor.StartWith(cluster, _ => new DictionaryKvStore(), CancellationToken.None));

            Assert.Equal(RaftKvStorageError.NewerFormat, error.Error);
        }
        Assert.False(NewCluster.Exists(_disk, "/new", "node1"));
        Assert.Equal(1, Describe(upToDamage: false).LastVersion.Value);
    }

    private RaftKvSurvivingNode Describe(bool upToDamage)
    {
        using var survivor = SurvivorDirectory.Open(_disk, Root, upToDamage);
        return survivor.Describe();
    }

    private void WriteLog(Action<Wal> write)
    {
        var wal = Wal.Open(_disk, Path.Combine(Root, "wal"), Options, out _);
        wal.SaveVote(3, null);
        write(wal);
        wal.Commit();
        wal.Close();
    }

    private void Snapshot(EntryId last)
    {
        using var snapshots = new SnapshotStore(_disk, Path.Combine(Root, "snapshots"));
        using var snapshot = new KvStateMachine(new DictionaryKvStore()).CaptureSnapshot();
        snapshots.Write(Cluster, new KvSnapshot(snapshot.State with { Last = last }, snapshot.Records, snapshot.KeyCount), CancellationToken.None);
    }
}
