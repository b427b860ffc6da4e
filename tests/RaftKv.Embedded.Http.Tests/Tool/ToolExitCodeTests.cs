using System.Net;
using System.Net.Sockets;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Tool;

/// <summary>The exit codes that scripts rely on: what failed, and what that means for the caller's write.</summary>
public sealed class ToolExitCodeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_missing_key_is_5_a_condition_that_does_not_hold_6_and_a_refusal_1()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        await node.Kv.SetAsync("k", default, cancellationToken: Stop);

        await FailsAsync(node.Url, 5, "key_not_found", "get", "missing");
        await FailsAsync(node.Url, 6, "precondition_failed", "set", "k", "v", "--if-absent");
        await FailsAsync(node.Url, 6, "precondition_failed", "set", "k", "v", "--if-version", "1");
        await FailsAsync(node.Url, 6, "precondition_failed", "delete", "missing", "--if-exists");
        await FailsAsync(node.Url, 1, "member_not_found", "members", "remove", "node7");
        await FailsAsync(node.Url, 1, "member_not_found", "members", "promote", "node7");
        await FailsAsync(node.Url, 1, "member_not_found", "members", "replace", "node7", "node8", "127.0.0.1:1");
        await FailsAsync(node.Url, 1, "invalid_address", "members", "add", "node7", "nowhere");
        await FailsAsync(node.Url + "/elsewhere", 1, "not_a_node", "status");
    }

    [Fact]
    public async Task What_a_node_does_not_serve_now_is_7_and_what_it_does_not_know_3()
    {
        await using var http = await HttpFixture.StartAsync();
        var url = http.Client.BaseAddress!.ToString();

        http.Kv.Failure = new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, "No leader.");
        await FailsAsync(url, 7, "no_leader", "set", "k", "v");
        await FailsAsync(url, 7, "no_leader", "get", "k");
        http.Kv.Failure = new RaftKvUnavailableException(RaftKvUnavailableReason.Faulted, "Faulted.");
        await FailsAsync(url, 1, "faulted", "set", "k", "v");
        http.Kv.Failure = new RaftKvOutcomeUnknownException("Unknown.");
        await FailsAsync(url, 3, "outcome_unknown", "set", "k", "v");
        await FailsAsync(url, 3, "outcome_unknown", "transfer");
    }

    [Fact]
    public async Task A_transfer_that_may_still_happen_is_3_and_is_not_sent_to_another_node()
    {
        await using var first = await HttpFixture.StartAsync();
        await using var second = await HttpFixture.StartAsync();
        var both = $"{first.Client.BaseAddress},{second.Client.BaseAddress}";

        first.Kv.Failure = new RaftKvMembershipException(RaftKvMembershipError.TransferTimedOut, "It may still take over.");
        await FailsAsync(both, 3, "transfer_timed_out", "transfer");
        first.Kv.Failure = new RaftKvMembershipException(RaftKvMembershipError.NotCaughtUp, "It stays a learner.");
        await FailsAsync(first.Client.BaseAddress!.ToString(), 3, "learner_not_ready", "members", "add", "node7", "127.0.0.1:1");

        Assert.Empty(second.Kv.MembershipCalls);
    }

    [Fact]
    public async Task An_address_that_does_not_answer_is_4_and_a_connection_that_breaks_after_the_request_3()
    {
        using var breaking = new TcpListener(IPAddress.Loopback, 0);
        breaking.Start();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var breaks = BreakAsync(breaking);

        await FailsAsync("http://127.0.0.1:1", 4, "unreachable", "set", "k", "v");
        await FailsAsync("http://127.0.0.1:1,http://127.0.0.1:2", 4, "unreachable", "status");
        await FailsAsync("http://127.0.0.1:1", 4, "unreachable", "watch", "--timeout", "0.5");
        await FailsAsync(Url(breaking), 3, "outcome_unknown", "set", "k", "v");
        await FailsAsync(Url(breaking), 4, "no_answer", "get", "k");
        await FailsAsync(Url(silent), 3, "outcome_unknown", "set", "k", "v", "--timeout", "5");
        await FailsAsync(Url(silent), 4, "no_answer", "get", "k", "--timeout", "5");
        breaking.Stop();
        await breaks;
    }

    [Fact]
    public async Task Connections_that_are_reset_as_soon_as_they_are_made_are_4()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var resets = ResetAsync(listener);

        // Some of them are reset before HttpClient has read the address of the peer.
        var result = await ToolProcess.RunAsync("get", "k", "--url", string.Join(',', Enumerable.Repeat(Url(listener), 300)));

        Assert.True(result.ExitCode == 4, result.Errors);
        listener.Stop();
        await resets;
    }

    [Fact]
    public async Task A_read_goes_on_to_the_next_address_and_a_write_only_when_the_first_has_not_got_it()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        await node.Kv.SetAsync("k", "v"u8.ToArray(), cancellationToken: Stop);
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var both = $"{Url(silent)},{node.Url}";

        Assert.Equal("v", (await ToolProcess.RunAsync("get", "k", "--timeout", "12", "--url", both)).Text);
        Assert.Equal(0, (await ToolProcess.RunAsync("set", "k", "w", "--url", $"http://127.0.0.1:1,{node.Url}")).ExitCode);
        await FailsAsync(both, 3, "outcome_unknown", "set", "k", "x", "--timeout", "5");
        Assert.Equal(0, (await ToolProcess.RunAsync("set", "k", "y", "--idempotency-key", "one", "--timeout", "12", "--url",
            both)).ExitCode);
        Assert.Equal("y", (await ToolProcess.RunAsync("get", "k", "--url", node.Url)).Text);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("get", "k")]
    [InlineData("get", "k", "--url", "ftp://host")]
    [InlineData("set", "k", "--url", "http://127.0.0.1:1")]
    [InlineData("set", "k", "v", "--base64", "AA==", "--url", "http://127.0.0.1:1")]
    [InlineData("status", "--timeout", "0", "--url", "http://127.0.0.1:1")]
    [InlineData("status", "--header", "none", "--url", "http://127.0.0.1:1")]
    public async Task A_wrong_command_line_is_2_and_says_what_is_wrong(params string[] arguments)
    {
        var result = await ToolProcess.RunAsync(arguments);

        Assert.Equal(2, result.ExitCode);
        Assert.NotEqual("", result.Errors);
    }

    private static async Task FailsAsync(string url, int exitCode, string code, params string[] arguments)
    {
        var forPrograms = await ToolProcess.RunAsync([.. arguments, "--json", "--url", url]);
        Assert.Equal((exitCode, code), (forPrograms.ExitCode, forPrograms.ErrorCode()));
    }

    private static string Url(TcpListener listener) => $"http://{listener.LocalEndpoint}";

    // Resets every connection as soon as it is made.
    private static async Task ResetAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptSocketAsync(Stop);
                connection.LingerState = new LingerOption(true, 0);
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The listener is stopped.
        }
    }

    // Takes a request and closes the connection without an answer.
    private static async Task BreakAsync(TcpListener listener)
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptTcpClientAsync(Stop);
                await connection.GetStream().ReadAtLeastAsync(buffer, 1, cancellationToken: Stop);
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The listener is stopped.
        }
    }
}
