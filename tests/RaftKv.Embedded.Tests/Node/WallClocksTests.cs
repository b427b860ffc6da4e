using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>The median of the members' wall clocks, and which clocks differ from it.</summary>
public sealed class WallClocksTests
{
    private const long Year = 365L * 24 * 3_600_000;

    private static readonly ClusterConfiguration Three = ModelClusters.Voters("n1", "n2", "n3");

    private readonly WallClocks _clocks = new("n1");

    private void Note(string id, long unixMs, long atMs = 0, int life = 0) =>
        _clocks.Note(id, ModelClusters.Incarnation(id, life), unixMs, atMs * TimeSpan.TicksPerMillisecond);

    [Fact]
    public void Without_the_clocks_of_a_quorum_there_is_no_median()
    {
        Note("n1", Year);
        _clocks.Update(Three);
        Assert.Null(_clocks.MedianMs);

        Note("n2", Year + 500);
        _clocks.Update(Three);
        Assert.Equal(Year, _clocks.MedianMs);
    }

    [Fact]
    public void One_clock_that_is_years_ahead_does_not_move_the_median_of_two_or_three()
    {
        Note("n1", 11 * Year);
        Note("n2", Year);
        _clocks.Update(Three);
        Assert.Equal(Year, _clocks.MedianMs);

        Note("n3", Year + 40, atMs: 10);
        _clocks.Update(Three);
        Assert.Equal(Year + 30, _clocks.MedianMs);
    }

    [Fact]
    public void A_clock_is_named_after_two_readings_and_no_longer_when_it_is_right()
    {
        Note("n1", Year);
        Note("n2", Year);
        Note("n3", Year + 1_500);
        Assert.Empty(_clocks.Update(Three));
        // The same reading does not count twice.
        Assert.Empty(_clocks.Update(Three));

        Note("n3", Year + 6_500, atMs: 5_000);
        Assert.Equal(("n3", 1_500L), Assert.Single(_clocks.Update(Three)));
        Assert.Equal(1_500, _clocks.Differences["n3"]);
        Assert.Empty(_clocks.Update(Three));

        Note("n3", Year + 10_000, atMs: 10_000);
        Assert.Equal("n3", Assert.Single(_clocks.Update(Three)).NodeId);
        Assert.Empty(_clocks.Differences);
    }

    [Fact]
    public void The_clock_of_a_former_member_or_a_former_disk_does_not_count()
    {
        Note("n1", Year);
        Note("n2", Year, life: 1);
        Note("n4", Year);
        _clocks.Update(Three);
        Assert.Null(_clocks.MedianMs);
    }

    [Fact]
    public void A_time_that_no_clock_shows_is_ignored()
    {
        Note("n1", Year);
        Note("n2", long.MaxValue);
        Note("n3", -1);
        _clocks.Update(Three);
        Assert.Null(_clocks.MedianMs);
    }
}
