using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// Dissertation §6.4.1: the promise of a voter to a leader with a lease survives a restart of the voter, also with another election
/// timeout.
/// </summary>
public sealed class LeasePromiseTests
{
    [Theory]
    [InlineData(1_000, 1_000, 250)]
    [InlineData(1_000, 250, 250)]
    public void A_restarted_voter_keeps_the_promise_it_gave_and_not_one_of_its_own_length(int leaders, int before, int after)
    {
        var cluster = new ScriptedCluster { ElectionTimeout = TimeSpan.FromMilliseconds(before) };
        string[] ids = ["node1", "node2", "node3"];
        cluster.Add("node2", ids);
        cluster.Add("node3", ids);
        cluster.ElectionTimeout = TimeSpan.FromMilliseconds(leaders);
        cluster.Add("node1", ids);
        cluster.Wait(1_001);
        cluster.Elect("node1");
        cluster.Do("node1", now => new LeaseWanted(now));
        cluster.Run(200);
        Assert.True(cluster.Core("node1").LeaseUntil > cluster.Now.Ticks);

        // Both voters restart with their new election timeout, and no longer hear the leader.
        cluster.Isolate("node1");
        cluster.ElectionTimeout = TimeSpan.FromMilliseconds(after);
        foreach (var voter in (string[])["node2", "node3"])
        {
            cluster.Crash(voter);
            cluster.Start(voter);
        }
        while (cluster.Now.Ticks < cluster.Core("node1").LeaseUntil)
        {
            Assert.NotEqual(RaftRole.Leader, cluster.Core("node2").Role);
            Assert.NotEqual(RaftRole.Leader, cluster.Core("node3").Role);
            cluster.Run(50);
        }
        cluster.Run(4_000);
        Assert.Contains(RaftRole.Leader, (RaftRole[])[cluster.Core("node2").Role, cluster.Core("node3").Role]);
    }

    [Fact]
    public void The_length_of_a_promise_is_saved_before_the_answer_leaves_and_once()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Do("node1", now => new LeaseWanted(now));
        cluster.SlowDisk("node2");
        cluster.Deliver("node1", "node2");

        Assert.Contains(cluster.Effects, e => e is ("node2", SaveVote { PromiseMs: 250 }));
        Assert.DoesNotContain(cluster.Mail, m => m.From == "node2");
        cluster.FastDisk("node2");
        Assert.Contains(cluster.Mail, m => m.From == "node2");

        cluster.Run(5_000);
        Assert.Single(cluster.Effects, e => e is ("node2", SaveVote { PromiseMs: 250 }));
    }

    [Fact]
    public void A_length_beyond_the_own_timeout_is_forgotten_once_no_promise_holds()
    {
        var promises = new LeasePromises(0);
        Assert.True(promises.Give(1_000, now: 0));
        Assert.False(promises.Give(900, now: 5));
        promises.Forget(now: 1, electionTimeout: Ticks(250));
        Assert.Equal(1_000, promises.LongestMs);
        promises.Forget(now: Ticks(1_000), electionTimeout: Ticks(250));
        Assert.Equal(0, promises.LongestMs);

        static long Ticks(int milliseconds) => milliseconds * TimeSpan.TicksPerMillisecond;
    }
}
