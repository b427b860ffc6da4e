using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Tool;

/// <summary>
/// The command <c>raftkv</c> as a process against a real node: its output for people, and for programs with <c>--json</c>.
/// </summary>
public sealed class ToolTests
{
    private static readonly byte[] Binary = [0, 255, 13, 10, 0x1b];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Values_come_from_arguments_files_standard_input_and_base64_and_come_back_byte_for_byte()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        var directory = TestDirectory.Create();
        var file = Path.Combine(directory, "value");
        await File.WriteAllBytesAsync(file, Binary, Stop);

        Assert.StartsWith("version ", (await RunAsync(node, "set", "a/ü", "grüße")).Text);
        var written = (await RunAsync(node, "set", "file", "--file", file, "--ttl", "3600", "--json")).Json();
        Assert.Equal("file", written.GetProperty("key").GetString());
        Assert.InRange(written.GetProperty("expiresAt").GetDateTimeOffset(), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(2));
        await using (var tool = ToolProcess.Start(["set", "stdin", "--file", "-", "--url", node.Url], Binary))
            Assert.Equal(0, (await tool.EndAsync()).ExitCode);
        await RunAsync(node, "set", "..", "--base64", Convert.ToBase64String(Binary));

        Assert.Equal("grüße", (await RunAsync(node, "get", "a/ü")).Text);
        foreach (var key in new[] { "file", "stdin", ".." })
            Assert.Equal(Binary, (await RunAsync(node, "get", key)).Output);
        var read = (await RunAsync(node, "get", "file", "--json")).Json();
        Assert.Equal(written.GetProperty("version").GetInt64(), read.GetProperty("version").GetInt64());
        Assert.Equal(Binary, read.GetProperty("value").GetBytesFromBase64());
        await RunAsync(node, "get", "stdin", "--output", file + "2", "--consistency", "stale");
        Assert.Equal(Binary, await File.ReadAllBytesAsync(file + "2", Stop));

        Assert.Equal("..\na/ü\nfile\nstdin\n", (await RunAsync(node, "list")).Text);
        Assert.Matches(@"^KEY +VERSION +EXPIRES +VALUE\na/ü +\d+ +never +grüße\n$", (await RunAsync(node, "list", "a/", "--values")).Text);
        var page = (await RunAsync(node, "list", "--limit", "2", "--values", "--json")).Json();
        Assert.Equal("a/ü", page.GetProperty("next").GetString());
        Assert.Equal(Binary, page.GetProperty("entries")[0].GetProperty("value").GetBytesFromBase64());

        Assert.Equal("deleted\n", (await RunAsync(node, "delete", "file")).Text);
        Assert.False((await RunAsync(node, "delete", "file", "--json")).Json().GetProperty("deleted").GetBoolean());
        TestDirectory.Delete(directory);
    }

    [Fact]
    public async Task The_status_the_members_locks_and_leases_are_told()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        var coordination = node.Services.GetRequiredService<IRaftKvCoordination>();
        await using var held = await coordination.AcquireLockAsync("billing/100%",
            new KvLockOptions { TimeToLive = TimeSpan.FromMinutes(1) }, Stop);

        var status = (await RunAsync(node, "status")).Text;
        Assert.Matches(@"(?s)^node +node1 at [\d.:]+, leader, ready\n.*quorum +1 of 1 voter alive.*\nMEMBER ", status);
        Assert.Matches(@"\nnode1 +[\d.:]+ +leader +alive +0 entries +this node\n$", status);
        Assert.Equal("node1", (await RunAsync(node, "status", "--json")).Json().GetProperty("leaderId").GetString());
        Assert.StartsWith("MEMBER ", (await RunAsync(node, "members")).Text);
        var members = (await RunAsync(node, "members", "--json")).Json();
        Assert.Equal("node1", members.GetProperty("leaderId").GetString());
        Assert.True(members.GetProperty("members")[0].GetProperty("voter").GetBoolean());

        Assert.Matches($@"^LOCK .*\nbilling/100% +node1 +{held.FencingToken} +.* UTC +0 +\d+, \d.* of 1 min\n$",
            (await RunAsync(node, "locks")).Text);
        var told = Assert.Single((await RunAsync(node, "locks", "--json")).Json().GetProperty("locks").EnumerateArray());
        Assert.Equal(held.FencingToken.Value, told.GetProperty("token").GetInt64());
        Assert.Matches(@"^LEASE .*\n\d+ +node1 +\d.* of 1 min +1 +\.locks/billing%2F100%25/\d+\n$", (await RunAsync(node, "leases")).Text);
        var lease = Assert.Single((await RunAsync(node, "leases", "--json")).Json().GetProperty("leases").EnumerateArray());
        Assert.Equal(("node1", 60_000, 1),
            (lease.GetProperty("holder").GetString(), lease.GetProperty("timeToLiveMs").GetInt32(),
                lease.GetProperty("keyCount").GetInt32()));
    }

    [Fact]
    public async Task A_watch_tells_changes_in_order_one_a_line()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        var first = await node.Kv.SetAsync("a/1", "one"u8.ToArray(), cancellationToken: Stop);
        await node.Kv.SetAsync("b", default, cancellationToken: Stop);
        var deleted = await node.Kv.DeleteAsync("a/1", cancellationToken: Stop);
        string[] watch = ["watch", "a/", "--from", first.Version.ToString(), "--count", "2"];

        Assert.Equal($"{first.Version,-10} put      a/1  one\n{deleted.Version,-10} deleted  a/1\n",
            (await RunAsync(node, [.. watch, "--values"])).Text);
        var lines = (await RunAsync(node, [.. watch, "--json"])).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["put", "deleted"], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()));
    }

    [Fact]
    public async Task A_backup_is_downloaded_verified_and_restored()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        await node.Kv.SetAsync("k", "v"u8.ToArray(), cancellationToken: Stop);
        var directory = TestDirectory.Create();
        var file = Path.Combine(directory, "backup");

        Assert.StartsWith("A whole backup: 1 keys", (await RunAsync(node, "backup", file)).Text);
        Assert.Equal((1, "file_exists"), Error(await ToolProcess.RunAsync("backup", file, "--json", "--url", node.Url)));
        var backup = (await RunAsync(node, "backup", file, "--force", "--json")).Json();
        Assert.Equal((1, file), (backup.GetProperty("keyCount").GetInt64(), backup.GetProperty("file").GetString()));
        Assert.Equal([file], Directory.GetFiles(directory));

        var verified = (await ToolProcess.RunAsync("verify", file, "--json")).Json();
        Assert.Equal(backup.ToString(), verified.ToString());
        string[] restore = ["restore", file, "--node", "n", "--address", "127.0.0.1:1"];
        Assert.Contains("New cluster", (await ToolProcess.RunAsync([.. restore, "--to", Path.Combine(directory, "one")])).Text);
        var restored = (await ToolProcess.RunAsync([.. restore, "--to", Path.Combine(directory, "two"), "--json"])).Json();
        Assert.Equal("n", restored.GetProperty("restored").GetProperty("nodeId").GetString());
        var inspected = (await ToolProcess.RunAsync("inspect", Path.Combine(directory, "two"), "--json")).Json();
        Assert.Equal(restored.GetProperty("restored").GetProperty("clusterId").GetGuid(), inspected.GetProperty("clusterId").GetGuid());
        await File.WriteAllTextAsync(file, "no backup", Stop);
        Assert.Equal((1, "damaged"), Error(await ToolProcess.RunAsync("verify", file, "--json")));
        TestDirectory.Delete(directory);
    }

    [Fact]
    public async Task A_token_a_header_and_a_base_path_lead_through_what_stands_before_the_routes()
    {
        await using var node = await WebNode.StartAsync("node1", Stop, pipeline: app =>
        {
            app.UsePathBase("/kv");
            app.Use((context, next) =>
            {
                var isKnown = context.Request.PathBase == "/kv" && context.Request.Headers.Authorization == "Bearer s3cret"
                    && context.Request.Headers["X-Tenant"] == "a: b";
                context.Response.StatusCode = 401;
                return isKnown ? next(context) : Task.CompletedTask;
            });
            app.UseRouting();
        });
        var urls = $"http://127.0.0.1:1, {node.Url}/kv/";
        var environment = new Dictionary<string, string> { ["RAFTKV_URL"] = urls, ["RAFTKV_TOKEN"] = "s3cret" };

        await using var known = ToolProcess.Start(["set", "k", "v", "--header", "X-Tenant: a: b"], environment: environment);
        await using var unknown = ToolProcess.Start(["set", "k", "v", "--token", "other", "--json"], environment: environment);

        Assert.Equal((1, "forbidden"), Error(await unknown.EndAsync()));
        Assert.Equal(0, (await known.EndAsync()).ExitCode);
        Assert.True((await node.Kv.GetAsync("k", cancellationToken: Stop)).Found);
    }

    [Fact]
    public async Task The_help_has_the_commands_own_name_and_the_exit_codes()
    {
        var help = await ToolProcess.RunAsync("--help");
        var ofOne = await ToolProcess.RunAsync("members", "add", "--help");

        Assert.Equal((0, 0), (help.ExitCode, ofOne.ExitCode));
        Assert.Contains("  raftkv [command] [options]", help.Text);
        Assert.Contains("  raftkv members add <node> <address> [options]", ofOne.Text);
        foreach (var code in new[] { 0, 1, 2, 3, 4, 5, 6, 7, 130 })
            Assert.Matches($@"(?m)^  {code} +\w", help.Text);
    }

    /// <summary>Runs a command that is to succeed.</summary>
    private static async Task<ToolResult> RunAsync(WebNode node, params string[] arguments)
    {
        var result = await ToolProcess.RunAsync([.. arguments, "--url", node.Url]);
        Assert.True(result.ExitCode == 0, $"{result.ExitCode}: {result.Text}{result.Errors}");
        return result;
    }

    private static (int ExitCode, string? Code) Error(ToolResult result) => (result.ExitCode, result.ErrorCode());
}
