using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>
/// Peers connect as soon as a node listens, which is before its first turn, and may keep that connection for days. A handshake before the
/// first turn must have the same effect as a later one.
/// </summary>
public sealed class PeerAdmissionTests
{
    private readonly InMemoryNode _node = new(RaftKvBootstrap.Never);
    private readonly Member _self;
    private readonly Member _peer = new("b", "b:1", Guid.NewGuid(), MemberRole.Voter);

    public PeerAdmissionTests() => _self = new Member("a", "a:1", _node.Identity.Incarnation, MemberRole.Voter);

    [Fact]
    public void A_member_that_moved_and_connects_before_the_first_turn_is_found_where_it_is()
    {
        Recover();

        Assert.Equal(HandshakeVerdict.Welcome, _node.Admission.OnHello(Hello(_peer with { Address = "b:2" })));

        _node.Run();
        Assert.Equal(["b:2"], _node.Admission.AddressesOf("b"));
    }

    [Fact]
    public void A_peer_that_connects_before_its_entry_arrives_is_found_where_it_is()
    {
        Recover();
        _node.Run();

        Assert.Equal(HandshakeVerdict.Welcome, _node.Admission.OnHello(Hello(_peer with { NodeId = "c", Address = "c:2" })));

        Assert.Equal(["c:2"], _node.Admission.AddressesOf("c"));
    }

    [Fact]
    public void A_version_that_is_too_old_for_the_cluster_is_turned_away_before_the_first_turn()
    {
        Recover();

        Assert.Equal(HandshakeVerdict.TooOld, _node.Admission.OnHello(Hello(_peer) with { FeatureLevel = FeatureLevels.First }));
    }

    /// <summary>Starts the node as a member of a cluster of two.</summary>
    private void Recover() =>
        _node.Replica.Recover(_node.ClusterBootstrap.TryBootstrap([_self, _peer], FeatureLevels.Current)!);

    private PeerHello Hello(Member from) => new()
    {
        NodeId = from.NodeId,
        Incarnation = from.Incarnation,
        Address = from.Address,
        ClusterId = _node.Identity.ClusterId,
        TargetNodeId = _self.NodeId,
        TargetIncarnation = _self.Incarnation,
        FeatureLevel = FeatureLevels.Current,
    };
}
