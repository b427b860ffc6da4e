using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>Log time after changes of the leader, restarts and installed snapshots.</summary>
public sealed class LogTimeTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(10)]
    public void Only_the_time_between_two_leaders_counts_as_time_without_a_leader(int seconds)
    {
        var cluster = ScriptedCluster.Of("n1", "n2", "n3");
        cluster.Elect("n1");
        cluster.Change("n1", new RaiseFeatureLevel(FeatureLevels.Safeguards));
        cluster.Settle();
        var leader = "n1";
        for (var moves = 0; moves < 6; moves++)
        {
            cluster.Run(seconds * 1_000);
            var next = leader == "n1" ? "n2" : "n1";
            cluster.Transfer(leader, next);
            cluster.Settle();
            Assert.True(cluster.Core(next).CanServeReads);
            leader = next;

            var start = cluster[leader].Disk.Entries[^1];
            Assert.True(TermStart.TryRead(start, out var ledUntil));
            Assert.InRange(start.TimeMs - ledUntil, 0, 60);
        }
        // Log time itself has advanced by the whole time.
        Assert.InRange(cluster[leader].Disk.Entries[^1].TimeMs - 1_000_000, 5_900L * seconds, 6_600L * seconds);
    }

    [Fact]
    public void A_leader_that_lost_its_quorum_and_leads_again_counts_the_time_since_the_quorum_was_heard()
    {
        var cluster = ScriptedCluster.Of("n1", "n2", "n3");
        cluster.Elect("n1");
        cluster.Change("n1", new RaiseFeatureLevel(FeatureLevels.Safeguards));
        cluster.Settle();
        cluster.Run(8_000);
        cluster.Isolate("n1");
        cluster.Crash("n2");
        cluster.Crash("n3");
        cluster.Run(1_000);
        Assert.NotEqual(RaftRole.Leader, cluster.Core("n1").Role);
        cluster.Heal();
        cluster.Start("n2");
        cluster.Elect("n1");

        var start = cluster["n1"].Disk.Entries[^1];
        Assert.True(TermStart.TryRead(start, out var ledUntil));
        Assert.InRange(start.TimeMs - ledUntil, 900, 4_000);
    }

    [Fact]
    public void A_restarted_follower_learns_log_time_from_heartbeats_and_leads_on_from_there()
    {
        var cluster = ScriptedCluster.Of("n1", "n2", "n3");
        cluster.Elect("n1");
        cluster.Change("n1", new RaiseFeatureLevel(FeatureLevels.Safeguards));
        cluster.Settle();
        cluster.Run(3_000);
        cluster.Crash("n2");
        cluster.Start("n2");
        cluster.Run(1_000);
        // All wall clocks jump decades ahead. Since its restart n2 has received heartbeats only, no entry.
        cluster.SetWallClock(1_000_000_000_000);
        cluster.Transfer("n1", "n2");
        cluster.Settle();

        Assert.True(cluster.Core("n2").CanServeReads);
        Assert.InRange(cluster["n2"].Disk.Entries[^1].TimeMs, 1_003_900, 1_005_000);
    }

    [Fact]
    public void A_cluster_that_starts_cold_before_its_clocks_are_known_catches_up_and_says_that_it_was_not_led_until_then()
    {
        var cluster = ScriptedCluster.Of("n1", "n2", "n3");
        cluster.Elect("n1");
        cluster.Change("n1", new RaiseFeatureLevel(FeatureLevels.Safeguards));
        cluster.Settle();
        cluster.Run(1_000);
        foreach (var id in (string[])["n1", "n2", "n3"])
            cluster.Crash(id);
        cluster.SetWallClock(0);
        foreach (var id in (string[])["n1", "n2", "n3"])
            cluster.Start(id);
        cluster.Elect("n1");
        var before = cluster["n1"].Disk.Entries[^1];
        Assert.InRange(before.TimeMs, 1_000_000, 1_010_000);

        cluster.SetWallClock(900_000_000);
        cluster.Timeout("n1");
        // Until the entry that records the jump is committed, heartbeats carry no log time.
        Assert.All(TimesSaid(), time => Assert.Equal(0, time));
        cluster.Settle();
        cluster.Timeout("n1");
        Assert.Contains(TimesSaid(), time => time >= 900_000_000);
        cluster.Run(200);

        IEnumerable<long> TimesSaid() => cluster.Mail.Select(m => m.Message).OfType<AppendEntries>().Where(m => m.Entries.IsEmpty).Select(m => m.LogTimeMs);
        var after = cluster["n1"].Disk.Entries[^1];
        Assert.True(TermStart.TryRead(after, out var ledUntil));
        Assert.InRange(after.TimeMs, 900_000_000, 900_001_000);
        Assert.InRange(ledUntil, before.TimeMs, before.TimeMs + 10_000);
        Assert.Equal(after.Index, cluster.Core("n1").CommitIndex);
    }

    [Fact]
    public void An_installed_snapshot_tells_the_core_what_time_it_is()
    {
        var cluster = ScriptedCluster.Of("n1", "n2", "n3");
        cluster.Elect("n1");
        cluster.Isolate("n3");
        cluster.SetWallClock(50_000_000);
        cluster.Run(10_000);
        cluster.Propose("n1", "a", "b");
        cluster.Settle();
        cluster.Snapshot("n1", keep: 0);
        var reached = cluster["n1"].Disk.Entries.Count > 0 ? cluster["n1"].Disk.Entries[^1].TimeMs : cluster["n1"].Disk.Snapshot!.TimeMs;
        // From here on every wall clock is behind log time.
        cluster.SetWallClock(1_000);
        cluster.Heal();
        cluster.Run(2_000);
        Assert.Equal(cluster.Core("n1").CommitIndex, cluster.Core("n3").CommitIndex);
        Assert.True(reached > 1_000_000);
        cluster.Crash("n1");
        cluster.Elect("n3");

        Assert.True(cluster["n3"].Disk.Entries[^1].TimeMs >= reached);
    }
}
