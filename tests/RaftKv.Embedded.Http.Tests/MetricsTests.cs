using System.Text.RegularExpressions;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The sample exports the metrics of the replica in the format of Prometheus, with the bounds of the histograms.</summary>
public class MetricsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sample_shows_what_the_replica_counts()
    {
        await using var cluster = new SampleCluster();
        using var http = new HttpClient { BaseAddress = (await cluster.StartAsync("node1", Stop)).Url };
        using var written = await http.PutAsync("/v1/kv/k", new StringContent("v"), Stop);

        var metrics = await http.GetStringAsync("/metrics", Stop);

        Assert.True(written.IsSuccessStatusCode);
        Assert.All(["raftkv_keys", "raftkv_index_applied", "raftkv_write_duration", "raftkv_log_sync_duration"], name => Assert.Contains(name, metrics, StringComparison.Ordinal));
        foreach (var bound in (string[])["0.0005", "0.01", "0.25", "10", "+Inf"])
            Assert.Matches($"raftkv_log_sync_duration_seconds_bucket\\{{[^\n]*le=\"{Regex.Escape(bound)}\"", metrics);
    }
}
