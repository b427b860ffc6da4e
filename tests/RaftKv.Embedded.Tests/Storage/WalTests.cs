using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>Reads, commits, truncations and recoveries of a log on a disk that works.</summary>
public sealed class WalTests
{
    /// <summary>After a truncation the next entry is stored behind the truncated bytes, which can be a whole segment.</summary>
    [Fact]
    public void Reading_an_entry_does_not_read_the_truncated_range_behind_it()
    {
        var read = 0;
        var disk = new FaultyFileSystem(new MemoryFileSystem()) { AfterRead = (_, _, bytes) => read += bytes.Length };
        using var wal = Wal.Open(disk, WalWorld.Directory, WalWorld.Small with { SegmentBytes = 64 * 1024 }, out _);
        wal.Append(WalWorld.Entries(1, 10, term: 1));
        wal.Commit();
        wal.Append(WalWorld.Entries(11, 100, term: 1, bytes: 400));
        wal.Commit();
        wal.TruncateSuffix(11);
        wal.Append(WalWorld.Entries(11, 5, term: 2));
        wal.Commit();
        read = 0;

        var entries = new List<LogEntry>();
        Assert.Equal(15, wal.Read(1, 15, 1024 * 1024, entries));

        Assert.Equal(Enumerable.Range(1, 15).Select(i => new EntryId(i <= 10 ? 1 : 2, i)), entries.Select(entry => entry.Id));
        Assert.InRange(read, 1, 15 * 200);
    }

    [Fact]
    public void A_commit_costs_one_write_and_one_sync()
    {
        var world = new WalWorld().Open(WalWorld.Small with { SegmentBytes = 1 << 20 });
        world.Vote(1, "a");
        world.Append(WalWorld.Entries(1, 500, term: 1));
        world.CutFrom(400);
        world.Append(WalWorld.Entries(400, 10, term: 1));
        var before = world.Disk.Operations;
        world.Commit();
        Assert.Equal(2, world.Disk.Operations - before);
        world.Commit();
        Assert.Equal(2, world.Disk.Operations - before);
    }

    [Fact]
    public void What_is_not_committed_is_neither_read_nor_recovered()
    {
        var world = new WalWorld().Open();
        world.AppendAndCommit(WalWorld.Entries(1, 3, term: 1));
        world.Wal.Append(WalWorld.Entries(4, 3, term: 1));
        Assert.Equal(6, world.Wal.Last.Index);
        Assert.Equal(3, world.Wal.LastDurableIndex);
        Assert.Equal(0, world.Wal.Read(4, 6, int.MaxValue, []));
        world.Wal.Close();
        world.Open();
        Assert.Equal(3, world.Wal.Last.Index);
    }

    [Fact]
    public void A_read_stops_at_its_limit_and_gives_at_least_one_entry()
    {
        var world = new WalWorld().Open();
        world.AppendAndCommit(WalWorld.Entries(1, 100, term: 1));
        var entries = new List<LogEntry>();
        Assert.Equal(1, world.Wal.Read(10, 100, 1, entries));
        Assert.Equal(5, world.Wal.Read(11, 100, 5 * WalRecord.SizeOf(WalRecord.EntryBodyBytes + 100), entries));
        Assert.Equal(Enumerable.Range(10, 6).Select(i => (long)i), entries.Select(e => e.Index));
        Assert.Equal(3, world.Wal.Read(98, 200, int.MaxValue, entries));
        Assert.Equal(0, world.Wal.Read(101, 200, int.MaxValue, entries));
    }

    [Fact]
    public void A_read_crosses_segments_and_skips_what_was_replaced()
    {
        var world = new WalWorld().Open();
        world.RunWorkload();
        Assert.Null(world.DifferenceFrom(world.Acknowledged));
    }

    [Fact]
    public void A_removed_prefix_is_gone_and_the_rest_stays()
    {
        var world = new WalWorld().Open();
        for (var i = 0; i < 20; i++)
            world.AppendAndCommit(WalWorld.Entries(1 + i * 10, 10, term: 1 + i / 5));
        world.CutPrefix(120);
        Assert.InRange(world.Wal.Base.Index, 80, 119);
        Assert.Equal(0, world.Wal.Read(world.Wal.Base.Index, 200, int.MaxValue, []));
        Assert.Null(world.DifferenceFrom(world.Acknowledged));
        world.Wal.Close();
        world.Open();
        world.MustHoldWhatWasAcknowledged("reopened");
    }

    [Fact]
    public void The_tail_handed_over_is_the_end_of_the_log_and_bounded()
    {
        var world = new WalWorld().Open();
        world.AppendAndCommit(WalWorld.Entries(1, 200, term: 1));
        world.Wal.Close();
        world.Open(WalWorld.Small with { TailCacheBytes = 2000 });
        var tail = world.Recovery.Tail;
        Assert.Equal(200, tail[^1].Index);
        Assert.InRange(tail.Sum(e => e.Size), 1500, 2500);
        Assert.Equal(WalWorld.Entry(200, 1).TimeMs, world.Recovery.LastTimeMs);
    }

    [Fact]
    public void Bytes_behind_an_entry_are_counted_both_ways()
    {
        var world = new WalWorld().Open();
        for (var i = 1; i <= 100; i++)
            world.AppendAndCommit(WalWorld.Entry(i, 1));
        var size = WalRecord.SizeOf(WalRecord.EntryBodyBytes + 100);
        Assert.Equal(0, world.Wal.BytesSince(100));
        Assert.Equal(40 * size, world.Wal.BytesSince(60));
        Assert.Equal(100 * size, world.Wal.BytesSince(0));
        Assert.Equal(61, world.Wal.FirstIndexKeepingBytes(40 * size, 100));
        Assert.Equal(31, world.Wal.FirstIndexKeepingBytes(20 * size, 50));
        Assert.Equal(51, world.Wal.FirstIndexKeepingBytes(0, 50));
        Assert.Equal(1, world.Wal.FirstIndexKeepingBytes(1_000_000, 50));
    }

    [Fact]
    public void A_vote_is_given_once_per_term_and_terms_never_fall()
    {
        var world = new WalWorld().Open();
        world.Vote(3, "a");
        Assert.Throws<InvariantViolatedException>(() => world.Wal.SaveVote(3, "b"));
        Assert.Throws<InvariantViolatedException>(() => world.Wal.SaveVote(2, "a"));
        Assert.Throws<InvariantViolatedException>(() => world.Wal.Append(WalWorld.Entries(2, 1, term: 3)));
    }

    [Fact]
    public void A_log_that_ends_before_the_snapshot_or_disagrees_with_it_does_not_continue_it()
    {
        var world = new WalWorld().Open();
        world.AppendAndCommit(WalWorld.Entries(1, 10, term: 2));
        world.Wal.Close();
        world.Open();
        Assert.True(world.Recovery.Continues(default));
        Assert.True(world.Recovery.Continues(new EntryId(2, 7)));
        Assert.False(world.Recovery.Continues(new EntryId(1, 7)));
        Assert.False(world.Recovery.Continues(new EntryId(2, 11)));

        var start = world.Recovery.ToStart(new EntryId(2, 7), ClusterConfiguration.Empty, 3, snapshotTimeMs: 5);
        Assert.Equal((10, 1_000_010, default), (start.LastIndex, start.LastTimeMs, start.LogBase));
        start = world.Recovery.ToStart(new EntryId(3, 20), ClusterConfiguration.Empty, 3, snapshotTimeMs: 5);
        Assert.Equal((20, 5, new EntryId(3, 20)), (start.LastIndex, start.LastTimeMs, start.LogBase));
        Assert.Empty(start.Tail);
    }

    [Fact]
    public void A_snapshot_that_was_durable_before_its_term_brings_the_term_and_no_vote()
    {
        var world = new WalWorld().Open();
        world.Vote(2, "n1");
        world.AppendAndCommit(WalWorld.Entries(1, 5, 2));
        world.Wal.Close();
        world.Open();

        var newer = world.Recovery.ToStart(new EntryId(3, 20), ClusterConfiguration.Empty, 1, snapshotTimeMs: 5);
        var older = world.Recovery.ToStart(new EntryId(2, 20), ClusterConfiguration.Empty, 1, snapshotTimeMs: 5);

        Assert.Equal((3, null), (newer.Term, newer.VotedFor));
        Assert.Equal((2, "n1"), (older.Term, older.VotedFor));
        // The core refuses to start when the log has a higher term than the one that was saved.
        Assert.Equal(3, new RaftCore(new RaftSettings { NodeId = "n2", Seed = 1 }, newer).Term);
    }

    [Fact]
    public void A_log_that_begins_behind_the_snapshot_is_damage()
    {
        var world = new WalWorld().Open();
        world.Reset(new EntryId(4, 50));
        world.Wal.Close();
        world.Open();
        Assert.Equal(RaftKvStorageError.Damaged, Assert.Throws<RaftKvStorageException>(() => world.Recovery.Continues(new EntryId(4, 49))).Error);
        Assert.True(world.Recovery.Continues(new EntryId(4, 50)));
    }

    [Fact]
    public void The_next_segment_made_in_the_background_is_used_and_a_failure_to_make_it_is_not_the_logs()
    {
        var world = new WalWorld().Open(WalWorld.Small with { PrepareInBackground = true });
        world.Disk.FailAt(DeviceOperation.Create, 1, RaftKvStorageError.DiskFull);
        for (var i = 1; i <= 200; i++)
            world.AppendAndCommit(WalWorld.Entry(i, 1));
        world.Wal.Close();
        world.Disk.CrashLosingAll();
        world.Open();
        world.MustHoldWhatWasAcknowledged("reopened");
    }

    [Fact]
    public async Task Readers_beside_the_writer_see_only_whole_entries_of_one_log()
    {
        var world = new WalWorld().Open(WalWorld.Small with { PrepareInBackground = true });
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var entries = new List<LogEntry>();
            while (!stop.IsCancellationRequested)
            {
                entries.Clear();
                var last = world.Wal.LastDurableIndex;
                world.Wal.Read(Math.Max(1, last - 30), last, 5000, entries);
                for (var i = 0; i < entries.Count; i++)
                {
                    Assert.True(i == 0 || (entries[i].Index == entries[i - 1].Index + 1 && entries[i].Term >= entries[i - 1].Term));
                    Assert.Equal(WalWorld.Entry(entries[i].Index, entries[i].Term).Payload.ToArray(), entries[i].Payload.ToArray());
                }
            }
        }, TestContext.Current.CancellationToken)).ToList();

        for (var term = 1; term <= 300; term++)
        {
            world.Wal.Append(WalWorld.Entries(Math.Max(1, world.Wal.Last.Index - 3), 8, term));
            world.Wal.Commit();
            if (term % 20 == 0)
                world.Wal.TruncatePrefix(world.Wal.Last.Index - 60);
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        world.Wal.Close();
    }
}
