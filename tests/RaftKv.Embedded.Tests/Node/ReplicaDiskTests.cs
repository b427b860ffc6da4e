using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>Snapshots on demand, and a disk that fills up.</summary>
public sealed class ReplicaDiskTests
{
    [Fact]
    public async Task A_snapshot_on_demand_covers_what_was_applied_before_it_was_asked_for()
    {
        var node = new InMemoryNode();
        var write = node.Set("x");
        node.Run();
        var done = new TaskCompletionSource<KvVersion>();

        node.Replica.Post(new SnapshotWanted(done));
        node.Run();

        Assert.True((await done.Task).Value >= (await write).Version.Value);
        Assert.Equal((await done.Task).Value, node.Replica.Status.SnapshotIndex);
    }

    [Fact]
    public async Task A_node_without_a_cluster_takes_no_snapshot()
    {
        var node = new InMemoryNode();
        var done = new TaskCompletionSource<KvVersion>();

        node.Replica.Post(new SnapshotWanted(done));
        node.Run();

        Assert.Equal(RaftKvUnavailableReason.NotFormed, (await Assert.ThrowsAsync<RaftKvUnavailableException>(() => done.Task)).Reason);
    }

    [Fact]
    public async Task A_full_disk_takes_deletes_and_no_data_until_there_is_room_again()
    {
        var node = new InMemoryNode(watchesDisk: true);
        var first = node.Set("x");
        node.RunFor(TimeSpan.FromSeconds(2));
        Assert.True((await first).Applied);

        node.FreeDiskBytes = 0;
        node.RunFor(TimeSpan.FromSeconds(2));
        var (set, delete) = (node.Set("y"), node.Delete("x"));
        node.Run();

        Assert.Equal(RaftKvUnavailableReason.NoSpace, (await Assert.ThrowsAsync<RaftKvUnavailableException>(() => set)).Reason);
        Assert.True((await delete).Applied);
        Assert.True(node.Replica.Status.IsDiskFull);

        node.FreeDiskBytes = long.MaxValue / 4;
        node.RunFor(TimeSpan.FromSeconds(2));
        var later = node.Set("y");
        node.Run();
        Assert.True((await later).Applied);
    }

    [Fact]
    public async Task A_write_that_is_refused_between_two_measurements_finds_a_status_that_says_so()
    {
        var node = new InMemoryNode(watchesDisk: true) { FreeDiskBytes = long.MaxValue / 4 };
        var first = node.Set("x");
        node.RunFor(TimeSpan.FromSeconds(2));
        await first;
        for (node.FreeDiskBytes = 2L * 1024 * 1024 * 1024; !node.Replica.Status.IsDiskFull; node.FreeDiskBytes -= 1024 * 1024)
            node.RunFor(TimeSpan.FromSeconds(1));
        for (; node.Replica.Status.IsDiskFull; node.FreeDiskBytes += 1024 * 1024)
            node.RunFor(TimeSpan.FromSeconds(1));

        var refusal = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () =>
        {
            for (var written = 0; written < 10_000; written++)
            {
                var write = node.Set("x", 64 * 1024);
                node.Run();
                await write;
            }
        });

        Assert.Equal(RaftKvUnavailableReason.NoSpace, refusal.Reason);
        Assert.True(node.Replica.Status.IsDiskFull);
    }

    [Fact]
    public void A_measurement_that_fails_leaves_the_reserve_as_large_as_the_data_needs()
    {
        var node = new InMemoryNode(RaftKvBootstrap.Never, watchesDisk: true) { FreeDiskBytes = 1L << 40 };
        var leader = new ScriptedLeader(node);
        for (var i = 0; i < 100; i++)
            leader.Set($"key{i}");
        leader.RunFor(TimeSpan.FromSeconds(2));
        var before = node.Transport.Take<DiskReport>()[^1];

        node.DiskFails = true;
        leader.RunFor(TimeSpan.FromSeconds(2));

        Assert.Equal(before, node.Transport.Take<DiskReport>()[^1]);
    }

    [Fact]
    public void Snapshots_for_want_of_room_are_ever_rarer_while_there_is_no_room_for_them()
    {
        var relief = new DiskRelief();
        var second = TimeSpan.TicksPerSecond;
        Assert.True(relief.TryBegin(second));
        relief.OnSnapshotFinished(succeeded: false, second);
        Assert.False(relief.TryBegin(10 * second));
        Assert.True(relief.TryBegin(12 * second));
        relief.OnSnapshotFinished(succeeded: false, 12 * second);
        Assert.False(relief.TryBegin(31 * second));
        Assert.True(relief.TryBegin(33 * second));
    }

    [Fact]
    public void After_a_snapshot_that_took_long_the_next_one_waits_ten_times_as_long()
    {
        var relief = new DiskRelief();
        var second = TimeSpan.TicksPerSecond;
        Assert.True(relief.TryBegin(second));
        relief.OnSnapshotFinished(succeeded: true, 4 * second);
        Assert.False(relief.TryBegin(33 * second));
        Assert.True(relief.TryBegin(34 * second));
    }
}
