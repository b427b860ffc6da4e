using RaftKv.TestNode.Node;
using Xunit;

namespace RaftKv.Integration;

/// <summary>The percentiles of a histogram are exact to two percent, and histograms can be added.</summary>
public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void Percentiles_are_exact_to_two_percent_at_every_scale(int scale)
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 1_000; i++)
            histogram.Record((long)i * scale);

        Assert.InRange(histogram.PercentileUs(0.5), 490 * scale / 1e3, 510 * scale / 1e3);
        Assert.InRange(histogram.PercentileUs(0.99), 970 * scale / 1e3, 1_000 * scale / 1e3);
        Assert.Equal(1_000L * scale, histogram.MaxNanoseconds);
    }

    [Fact]
    public void An_empty_histogram_has_no_latency() => Assert.Equal(0, new LatencyHistogram().PercentileUs(0.99));

    [Fact]
    public void Adding_one_to_another_counts_both()
    {
        var left = new LatencyHistogram();
        var right = new LatencyHistogram();
        left.Record(10);
        right.Record(50);

        left.Add(right);

        Assert.Equal(2, left.Count);
        Assert.Equal(0.01, left.PercentileUs(0.5), 6);
        Assert.Equal(0.05, left.PercentileUs(1), 6);
    }
}
