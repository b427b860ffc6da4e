using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// Peers whose disks lack room for entries: the leader sends them no entries while the others are a quorum, and includes as many of them as
/// the quorum needs otherwise.
/// </summary>
public sealed class FullDiskPeersTests
{
    private readonly ScriptedCluster _cluster = ScriptedCluster.Of("node1", "node2", "node3");

    public FullDiskPeersTests()
    {
        _cluster.Elect("node1");
        _cluster.Propose("node1", "before");
        _cluster.Run(500);
    }

    private RaftCore Leader => _cluster.Core("node1");

    [Fact]
    public void A_peer_without_room_is_sent_no_entries_while_the_others_are_a_quorum()
    {
        LacksRoom("node3");
        var before = _cluster.Core("node3").LastIndex;

        Commit("deletion");
        _cluster.Run(1_000);
        Assert.Equal(before, _cluster.Core("node3").LastIndex);

        HasRoom("node3");
        _cluster.Run(1_000);
        Assert.Equal(Leader.LastIndex, _cluster.Core("node3").LastIndex);
    }

    [Fact]
    public void Entries_commit_when_all_peers_lack_room_and_only_as_many_take_part_as_are_needed()
    {
        LacksRoom("node2");
        LacksRoom("node3");

        Commit("deletion");

        Assert.Single(["node2", "node3"], id => _cluster.Core(id).LastIndex == Leader.LastIndex);
    }

    [Fact]
    public void The_peer_that_is_less_far_behind_takes_part()
    {
        _cluster.Isolate("node2");
        _cluster.Propose("node1", "data");
        _cluster.Run(500);
        LacksRoom("node2");
        LacksRoom("node3");
        _cluster.Heal();
        var behind = _cluster.Core("node2").LastIndex;

        Commit("deletion");

        Assert.Equal(behind, _cluster.Core("node2").LastIndex);
        Assert.Equal(Leader.LastIndex, _cluster.Core("node3").LastIndex);
    }

    [Fact]
    public void Entries_commit_when_one_peer_lacks_room_and_the_other_one_is_dead()
    {
        LacksRoom("node3");
        _cluster.Crash("node2");
        _cluster.Run(1_000);

        Commit("deletion");

        Assert.Equal(Leader.LastIndex, _cluster.Core("node3").LastIndex);
    }

    private void Commit(string command)
    {
        _cluster.Propose("node1", command);
        _cluster.Run(1_000);
        Assert.Equal(Leader.LastIndex, Leader.CommitIndex);
    }

    private void LacksRoom(string id) => _cluster.Do("node1", now => new PeerRoomChanged(now, id, HasRoom: false, FitsSnapshot: false));

    private void HasRoom(string id) => _cluster.Do("node1", now => new PeerRoomChanged(now, id, HasRoom: true, FitsSnapshot: false));
}
