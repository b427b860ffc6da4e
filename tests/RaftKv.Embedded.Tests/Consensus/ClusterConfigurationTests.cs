using RaftKv.Embedded.Consensus;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

public sealed class ClusterConfigurationTests
{
    private static readonly ClusterConfiguration Three = new(
    [
        new Member("node3", "10.0.0.3:1113", Guid.Parse("00000000-0000-0000-0000-000000000003"), MemberRole.Learner),
        new Member("node1", "10.0.0.1:1111", Guid.Parse("00000000-0000-0000-0000-000000000001"), MemberRole.Voter),
        new Member("node2", "10.0.0.2:1112", Guid.Parse("00000000-0000-0000-0000-000000000002"), MemberRole.Voter),
    ]);

    [Fact]
    public void Members_are_ordered_and_survive_the_encoding()
    {
        var copy = ClusterConfiguration.Decode(Three.Encode());

        Assert.Equal(["node1", "node2", "node3"], copy.Members.Select(m => m.NodeId));
        Assert.Equal(Three.Members, copy.Members);
        Assert.Equal(2, copy.VoterCount);
        Assert.Equal(2, copy.Quorum);
    }

    [Fact]
    public void Every_cut_off_encoding_is_refused()
    {
        var bytes = Three.Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<FormatException>(() => ClusterConfiguration.Decode(bytes.AsSpan(0, length)));
    }
}
