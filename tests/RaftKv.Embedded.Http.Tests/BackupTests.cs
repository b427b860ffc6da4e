using System.Net;
using RaftKv.Embedded.Recovery;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The backup route: a downloaded backup restores all keys, and a node that cannot make a backup answers with the reason.
/// </summary>
public class BackupTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_downloaded_backup_restores_everything()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        for (var i = 0; i < 300; i++)
            await node.Kv.SetAsync($"k{i}", new byte[10_000], cancellationToken: Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };

        using var answer = await http.GetAsync("/v1/cluster/backup", HttpCompletionOption.ResponseHeadersRead, Stop);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Null(answer.Content.Headers.ContentLength);
        Assert.Equal("node1.raftkv-backup", answer.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        var directory = TestDirectory.Create();
        await using (var body = await answer.Content.ReadAsStreamAsync(Stop))
            await RaftKvBackup.RestoreAsync(body, directory, "node9", "127.0.0.1:1", Stop);
        TestDirectory.Delete(directory);
    }

    [Fact]
    public async Task A_node_that_cannot_make_one_says_why()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };

        using var unformed = await http.GetAsync("/v1/cluster/backup", Stop);
        await KvTests.ProblemAsync(unformed, HttpStatusCode.ServiceUnavailable, "not_formed");

        using var nonsense = await http.GetAsync("/v1/cluster/backup?minVersion=x", Stop);
        await KvTests.ProblemAsync(nonsense, HttpStatusCode.BadRequest, "invalid_minversion");
    }
}
