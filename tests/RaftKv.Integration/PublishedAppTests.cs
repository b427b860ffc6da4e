using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.RegularExpressions;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.Testing;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// A whole application, published trimmed and as native code: every option is read from the configuration, and every route and service
/// answers. It takes minutes: <c>RAFTKV_LONG=1</c> runs it.
/// </summary>
public sealed partial class PublishedAppTests : IDisposable
{
    private static readonly string[] Trimmed = ["--self-contained", "-p:PublishTrimmed=true", "-p:TrimMode=full"];

    /// <summary>Without clang, gcc links.</summary>
    private static readonly string[] Native = ["-p:PublishAot=true", .. Tool.Exists("clang") ? Array.Empty<string>() : ["-p:CppCompilerAndLinker=gcc"]];

    /// <summary>
    /// The settings of the configuration section for each option, and what the application then prints. No value is the default.
    /// </summary>
    private static readonly Dictionary<string, (string[] Settings, string Printed)> Options = new()
    {
        ["NodeId"] = (["NodeId=node2"], "node2"),
        ["DataDirectory"] = (["DataDirectory=/data"], "/data"),
        ["ListenAddress"] = (["ListenAddress=127.0.0.1:7002"], "127.0.0.1:7002"),
        ["AdvertiseAddress"] = (["AdvertiseAddress=10.0.0.2:7002"], "10.0.0.2:7002"),
        ["InitialMembers"] = (["InitialMembers:0:NodeId=node1", "InitialMembers:0:Address=10.0.0.1:7001", "InitialMembers:1=node2=10.0.0.2:7002"], "node1@10.0.0.1:7001|node2@10.0.0.2:7002"),
        ["Seeds"] = (["Seeds:0=10.0.0.1:7001", "Seeds:1=10.0.0.3:7003"], "10.0.0.1:7001|10.0.0.3:7003"),
        ["Bootstrap"] = (["Bootstrap=Never"], "Never"),
        ["TargetVoters"] = (["TargetVoters=3"], "3"),
        ["ReplacedDiskTimeout"] = (["ReplacedDiskTimeout=00:00:31"], "00:00:31"),
        ["RestoreFrom"] = (["RestoreFrom=/backup"], "/backup"),
        ["PeerTls"] = (["PeerTls:CertificateFile=a.pem", "PeerTls:KeyFile=b.pem", "PeerTls:AuthoritiesFile=c.pem", "PeerTls:AcceptAnyNodeId=true"], "a.pem|b.pem|c.pem|True"),
        ["PeerSecrets"] = (["PeerSecrets:0=one", "PeerSecrets:1=two"], "one|two"),
        ["AllowInsecurePeers"] = (["AllowInsecurePeers=true"], "True"),
        ["HeartbeatInterval"] = (["HeartbeatInterval=00:00:00.06"], "00:00:00.0600000"),
        ["ElectionTimeout"] = (["ElectionTimeout=00:00:00.7"], "00:00:00.7000000"),
        ["MaxClockDrift"] = (["MaxClockDrift=0.25"], "0.25"),
        ["RequestTimeout"] = (["RequestTimeout=00:00:07"], "00:00:07"),
        ["MaxKeyBytes"] = (["MaxKeyBytes=1001"], "1001"),
        ["MaxValueBytes"] = (["MaxValueBytes=1002"], "1002"),
        ["MaxTransactionBytes"] = (["MaxTransactionBytes=1003"], "1003"),
        ["MaxPendingBytes"] = (["MaxPendingBytes=1004"], "1004"),
        ["MemoryBudgetBytes"] = (["MemoryBudgetBytes=1005"], "1005"),
        ["ExpectedKeys"] = (["ExpectedKeys=1006"], "1006"),
        ["LogSegmentBytes"] = (["LogSegmentBytes=1007"], "1007"),
        ["SnapshotThresholdBytes"] = (["SnapshotThresholdBytes=1008"], "1008"),
        ["LogRetentionBytes"] = (["LogRetentionBytes=1009"], "1009"),
        ["WatchHistoryBytes"] = (["WatchHistoryBytes=1010"], "1010"),
        ["WatchPreviousValues"] = (["WatchPreviousValues=true"], "True"),
        ["ScanRetentionBytes"] = (["ScanRetentionBytes=1011"], "1011"),
        ["Durability"] = (["Durability=OsBuffered"], "OsBuffered"),
        ["IntegrityCheckInterval"] = (["IntegrityCheckInterval=00:00:12"], "00:00:12"),
        ["DiskWarningBytes"] = (["DiskWarningBytes=1013"], "1013"),
        ["DiskReserveBytes"] = (["DiskReserveBytes=1014"], "1014"),
        ["HandOverTimeout"] = (["HandOverTimeout=00:00:15"], "00:00:15"),
    };

    private readonly string _root = TestDirectory.Create();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => TestDirectory.Delete(_root);

    [Fact]
    public Task Trimmed_it_has_all_options_and_answers_on_all_routes() => IsWholeAsync(Trimmed);

    [Fact]
    public Task As_native_code_it_has_all_options_and_answers_on_all_routes()
    {
        Assert.SkipUnless(Tool.Exists("clang") || Tool.Exists("gcc"), "There is no linker here.");
        return IsWholeAsync(Native);
    }

    private async Task IsWholeAsync(string[] how)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("RAFTKV_LONG") == "1", "Publishing takes minutes: RAFTKV_LONG=1 runs this test.");
        var project = Path.Combine(DotNet.RepositoryRoot, "tests", "RaftKv.PublishedApp", "RaftKv.PublishedApp.csproj");
        var output = Path.Combine(_root, "app");
        var said = await DotNet.RunAsync(_root, ["publish", project, "-c", "Release", "-r", "linux-x64", "-o", output, "--artifacts-path", Path.Combine(_root, "artifacts"), .. how], Cancel);
        // Permitted are the warnings of FASTER, and those of the serializer that FASTER brings and this library never uses.
        var strange = Warning().Matches(said).Select(m => m.Value)
            .Where(w => !w.Contains(" FASTER.core.", StringComparison.Ordinal) && !w.Contains("DataContractSerialization", StringComparison.Ordinal)).Distinct().ToList();
        Assert.True(strange.Count == 0, string.Join('\n', strange));
        var app = Path.Combine(output, "RaftKv.PublishedApp");

        await HasAllOptionsAsync(app);
        await AnswersAsync(app);
    }

    private async Task HasAllOptionsAsync(string app)
    {
        Assert.Equal(
            typeof(RaftKvOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name).Order(),
            Options.Keys.Order());
        var settings = Options.Values.SelectMany(o => o.Settings).Select(s => s.Split('=', 2)).SelectMany(s => (string[])[$"--RaftKv:{s[0]}", s[1]]);
        var start = new ProcessStartInfo(app, ["--print-options", "true", .. settings]) { WorkingDirectory = _root, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var printed = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        Assert.Equal(Options.Select(o => $"{o.Key}={o.Value.Printed}").Order(), printed.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order());
    }

    private async Task AnswersAsync(string app)
    {
        var url = new Uri($"http://127.0.0.1:{Ports.Take()}/");
        await using var process = new WebProcess("the published application", app, url);
        process.Start(["--urls", url.ToString(), "--contentRoot", _root],
            new Dictionary<string, string> { ["RaftKv__DataDirectory"] = Path.Combine(_root, "data"), ["RaftKv__Bootstrap"] = "SingleNode" });
        await process.WaitUntilAsync("readyz", Cancel);
        using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };

        Assert.Equal("3 secret True 1 1", await http.GetStringAsync("services", Cancel));
        // The session of the article, writes with an Idempotency-Key, a listing, streams, and the routes for the status.
        await SendAsync("POST", "store", """{"key": "foo", "value": "bar"}""");
        Assert.Contains("bar", await SendAsync("GET", "store/foo"));
        await SendAsync("DELETE", "store/foo");
        var written = await SendAsync("PUT", "v1/kv/orders/1", "one", idempotencyKey: "first");
        Assert.Equal(written, await SendAsync("PUT", "v1/kv/orders/1", "one", idempotencyKey: "first"));
        Assert.Equal("one", await SendAsync("GET", "v1/kv/orders/1"));
        Assert.Contains("orders/1", await SendAsync("GET", "v1/kv?prefix=orders/"));
        Assert.Equal("event: progress", await FirstLineAsync("v1/watch?prefix=orders/", "event:"));
        Assert.StartsWith("data:", await FirstLineAsync("raftkv/events", "data:"));
        await SendAsync("DELETE", "v1/kv/orders/1", idempotencyKey: "second");
        foreach (var path in (string[])["v1/cluster", "v1/locks", "v1/leases", "raft/stats", "debug/runtime", "livez", "readyz", "health", "raftkv", "raftkv/v1/kv?prefix=orders/"])
            Assert.NotEqual("", await SendAsync("GET", path));
        await SendAsync("POST", "v1/cluster/snapshot", "{}");
        Assert.NotEmpty(await http.GetByteArrayAsync("v1/cluster/backup", Cancel));
        await SendAsync("PUT", "v1/kv/config/Color", "red");
        // These calls are refused with a reason.
        await SendAsync("POST", "raft/join", """{"node_id": "node9", "raft_address": "127.0.0.1:1"}""", succeeds: false);
        await SendAsync("POST", "raft/remove", """{"node_id": "node9"}""", succeeds: null);
        await SendAsync("POST", "v1/cluster/members", """{"nodeId": "node9", "address": "127.0.0.1:1"}""", succeeds: false);
        await SendAsync("DELETE", "v1/cluster/members/node9", succeeds: null);
        await SendAsync("POST", "v1/cluster/transfer", """{"to": "node9"}""", succeeds: false);

        async Task<string> SendAsync(string method, string path, string? body = null, bool? succeeds = true, string? idempotencyKey = null)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (body is not null)
                request.Content = body.StartsWith('{') ? JsonContent.Create(System.Text.Json.JsonDocument.Parse(body)) : new StringContent(body);
            if (idempotencyKey is not null)
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            using var answer = await http.SendAsync(request, Cancel);
            var text = await answer.Content.ReadAsStringAsync(Cancel);
            var isExpected = succeeds is { } success ? answer.IsSuccessStatusCode == success : answer.StatusCode != HttpStatusCode.InternalServerError;
            Assert.True(isExpected && answer.StatusCode != HttpStatusCode.InternalServerError, $"{method} {path} is {answer.StatusCode}: {text}\n{process.Output}");
            return text;
        }

        async Task<string> FirstLineAsync(string path, string start)
        {
            using var answer = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Cancel);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
            string? line;
            do
                line = await lines.ReadLineAsync(Cancel);
            while (line?.StartsWith(start, StringComparison.Ordinal) == false);
            return line ?? "";
        }
    }

    [GeneratedRegex("^.*warning IL.*$", RegexOptions.Multiline)]
    private static partial Regex Warning();
}
