using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>The bytes that wait for a node's own disk are limited, although a quorum commits without this node.</summary>
public sealed class SlowLeaderDiskTests
{
    private const int CommandBytes = 1024 * 1024;

    private static readonly long Limit = new RaftSettings { NodeId = "a", Seed = 1 }.MaxUncommittedBytes;

    [Fact]
    public void A_leader_whose_disk_hangs_refuses_proposals_when_the_limit_waits_for_it_and_takes_them_again_when_it_goes_on()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.SlowDisk("node1");
        var leader = cluster.Core("node1");
        for (var i = 0; i < 2 * Limit / CommandBytes && Refusals(cluster) == 0; i++)
        {
            cluster.Propose("node1", new string('x', CommandBytes));
            cluster.Settle();
        }

        Assert.Equal(1, Refusals(cluster));
        Assert.Equal(leader.LastIndex, leader.CommitIndex);
        Assert.Equal(leader.CommitIndex, leader.AppliedIndex);
        Assert.InRange(leader.HeldBytes, Limit, Limit + 2 * CommandBytes);

        cluster.FastDisk("node1");
        Assert.Equal(0, leader.UndurableBytes);
        var last = leader.LastIndex;
        cluster.Propose("node1", "goes on");
        Assert.Equal((1, last + 1), (Refusals(cluster), leader.LastIndex));
    }

    [Fact]
    public void A_follower_whose_disk_hangs_takes_no_entries_beyond_twice_the_limit_and_catches_up_when_it_goes_on()
    {
        // The test sends the messages of the leader, so the safety checker is off.
        var cluster = new ScriptedCluster { ChecksSafety = false };
        foreach (var id in (string[])["node1", "node2", "node3"])
            cluster.Add(id, "node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.SlowDisk("node3");
        var follower = cluster.Core("node3");
        var (term, previous) = (follower.Term, new EntryId(follower.LastTerm, follower.LastIndex));
        for (var i = 0; i < 3 * Limit / CommandBytes; i++)
        {
            // As after many lost connections: a leader has at most 8 MiB under way to one follower.
            var entry = new LogEntry(term, previous.Index + 1, 0, EntryKind.Command, new byte[CommandBytes]);
            cluster.Hand("node1", "node3", new AppendEntries(term, previous, new[] { entry }, previous.Index, 0, 0));
            previous = follower.LastIndex == entry.Index ? entry.Id : previous;
        }
        Assert.InRange(follower.UndurableBytes, 2 * Limit, 2 * Limit + 2 * CommandBytes);

        cluster.FastDisk("node3");
        Assert.Equal(0, follower.UndurableBytes);
        Assert.Equal(follower.LastIndex, follower.DurableIndex);
    }

    private static int Refusals(ScriptedCluster cluster) => cluster.Effects.Count(e => e.Effect is ProposalRefused { Reason: RefusalReason.Overloaded });
}
