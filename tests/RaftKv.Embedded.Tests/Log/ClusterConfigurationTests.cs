using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Formats;
using Xunit;

namespace RaftKv.Embedded.Tests.Log;

/// <summary>The encoding of a configuration: its three formats, and what is refused.</summary>
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
    public void The_formats_are_the_pictures_and_the_level_survives_changes_of_members()
    {
        GoldenFile.Holds("configuration-v1.bin", Three.Encode());
        GoldenFile.Holds("configuration-v2.bin", Three.At(2).Encode());

        Assert.Equal(FeatureLevels.First, ClusterConfiguration.Decode(GoldenFile.Read("configuration-v1.bin")).FeatureLevel);
        var second = ClusterConfiguration.Decode(GoldenFile.Read("configuration-v2.bin"));
        Assert.Equal((2, 2), (second.FeatureLevel, second.Without("node3").With(Three.Members[2]).FeatureLevel));
        Assert.Equal(Three.Members, second.Members);
    }

    [Fact]
    public void The_limits_stand_in_the_third_format_and_survive_changes_of_members_and_what_a_later_version_adds_is_passed_over()
    {
        var limits = new ClusterLimits(100, 2_000, 30_000);
        var third = Three.At(FeatureLevels.Safeguards, limits);
        GoldenFile.Holds("configuration-v3.bin", third.Encode());

        var read = ClusterConfiguration.Decode(GoldenFile.Read("configuration-v3.bin"));
        Assert.Equal((FeatureLevels.Safeguards, limits), (read.FeatureLevel, read.Limits));
        Assert.Equal(limits, read.Without("node3").With(Three.Members[2]).At(4).Limits);
        Assert.Equal(Three.Members, read.Members);
        Assert.Null(ClusterConfiguration.Decode(Three.At(FeatureLevels.Safeguards).Encode()).Limits);

        // version u8, level i32, bytes of settings u16
        var longer = third.Encode().ToList();
        longer[5] += 3;
        longer.InsertRange(7 + ClusterLimits.Bytes, [1, 2, 3]);
        Assert.Equal((limits, 3), (ClusterConfiguration.Decode([.. longer]).Limits, ClusterConfiguration.Decode([.. longer]).Members.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_cut_off_encoding_is_refused(int level)
    {
        var bytes = Three.At(level, level < FeatureLevels.Safeguards ? null : new ClusterLimits(1, 2, 3)).Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<FormatException>(() => ClusterConfiguration.Decode(bytes.AsSpan(0, length)));
    }
}
