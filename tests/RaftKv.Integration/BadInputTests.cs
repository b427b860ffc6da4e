using System.Net;
using System.Net.Sockets;
using System.Text;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration;

/// <summary>Wrong keys, members and options are refused with a specific exception that says what to do, and nothing is changed.</summary>
public sealed class BadInputTests : IntegrationTest
{
    [Fact]
    public async Task Keys_and_values_beyond_their_limits_are_refused_before_the_log()
    {
        var cluster = await FormAsync(1, o => (o.MaxKeyBytes, o.MaxValueBytes) = (16, 64));
        var node = cluster.Nodes[0];
        var lastIndex = (await node.StatusAsync()).LastIndex;

        var emptyKey = await FailsAsync(() => node.SetAsync("", "value"));
        var longKey = await FailsAsync(() => node.SetAsync(new string('k', 17), "value"));
        var longKeyInBytes = await FailsAsync(() => node.GetAsync("ключключк"));
        var longValue = await FailsAsync(() => node.SetAsync("key", new byte[65]));

        Assert.Equal("ArgumentException", emptyKey.Type);
        Assert.Equal((nameof(RaftKvLimitExceededException), nameof(RaftKvOptions.MaxKeyBytes)), (longKey.Type, longKey.Reason));
        Assert.Equal((nameof(RaftKvLimitExceededException), nameof(RaftKvOptions.MaxKeyBytes)), (longKeyInBytes.Type, longKeyInBytes.Reason));
        Assert.Equal((nameof(RaftKvLimitExceededException), nameof(RaftKvOptions.MaxValueBytes)), (longValue.Type, longValue.Reason));
        Assert.Equal(KvOutcome.NotApplied, longValue.Outcome);
        Assert.Equal(lastIndex, (await node.StatusAsync()).LastIndex);
        Assert.True((await node.SetAsync(new string('k', 16), new byte[64])).Applied);
    }

    [Fact]
    public async Task Values_of_the_largest_size_reach_every_node()
    {
        var cluster = await FormAsync();
        var value = new byte[new RaftKvOptions().MaxValueBytes];
        new Random(7).NextBytes(value);

        await (await cluster.FollowerAsync()).SetAsync("large", value);

        foreach (var node in cluster.Nodes)
            Assert.Equal(value, (await node.GetAsync("large")).Value.ToArray());
    }

    [Fact]
    public async Task Removing_or_promoting_to_leader_a_node_that_is_no_member_is_refused()
    {
        var cluster = await FormAsync();
        var follower = await cluster.FollowerAsync();

        var removal = await FailsAsync(() => follower.RemoveMemberAsync("nobody"));
        var transfer = await FailsAsync(() => follower.TransferLeadershipAsync("nobody"));

        Assert.Equal((nameof(RaftKvMembershipException), nameof(RaftKvMembershipError.UnknownMember)), (removal.Type, removal.Reason));
        Assert.Equal((nameof(RaftKvMembershipException), nameof(RaftKvMembershipError.UnknownMember)), (transfer.Type, transfer.Reason));
        Assert.Contains("nobody", removal.Message);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("host:port")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:70000")]
    public async Task A_member_at_an_address_that_is_none_is_refused_at_once(string address)
    {
        var cluster = await FormAsync(1);
        var node = cluster.Nodes[0];

        var error = await FailsAsync(() => node.AddMemberAsync("node2", address));

        Assert.Equal("ArgumentException", error.Type);
        Assert.Contains(address, error.Message);
        Assert.Single((await node.StatusAsync()).Members);
    }

    [Fact]
    public async Task A_member_that_exists_at_another_address_is_refused_and_at_its_own_is_done()
    {
        var cluster = await FormAsync();
        var leader = await cluster.LeaderAsync();
        var follower = await cluster.FollowerAsync();

        var namesake = NoNodes().AddNode(follower.NodeId);
        await namesake.StartAsync();

        await leader.AddMemberAsync(follower);
        var error = await FailsAsync(() => leader.AddMemberAsync(namesake));

        Assert.Equal((nameof(RaftKvMembershipException), nameof(RaftKvMembershipError.MemberExists)), (error.Type, error.Reason));
    }

    [Fact]
    public async Task The_removal_that_would_cost_the_quorum_alive_and_the_removal_of_the_last_voter_are_refused()
    {
        var cluster = await FormAsync();
        var leader = await cluster.LeaderAsync();
        var followers = cluster.Nodes.Where(n => n != leader).ToArray();
        await followers[0].KillAsync();
        await cluster.WaitAsync("the leader missing the killed follower", async () =>
            (await leader.StatusAsync()).Members.Single(m => m.NodeId == followers[0].NodeId).LastContact > TimeSpan.FromSeconds(1));
        var refused = await FailsAsync(() => leader.RemoveMemberAsync(followers[1].NodeId));
        await leader.RemoveMemberAsync(followers[0].NodeId);
        await leader.RemoveMemberAsync(followers[1].NodeId);

        var last = await FailsAsync(() => leader.RemoveMemberAsync(leader.NodeId));

        Assert.Equal((nameof(RaftKvMembershipException), nameof(RaftKvMembershipError.WouldLoseQuorum)), (refused.Type, refused.Reason));
        Assert.Equal((nameof(RaftKvMembershipException), nameof(RaftKvMembershipError.LastVoter)), (last.Type, last.Reason));
        await leader.SetAsync("still", "works");
    }

    [Fact]
    public async Task Every_error_of_the_options_is_reported_at_once()
    {
        var cluster = NoNodes();
        var node = cluster.AddNode("node1", o =>
        {
            o.NodeId = "not a node id!";
            o.DataDirectory = "";
            o.ListenAddress = "nonsense";
            o.HeartbeatInterval = TimeSpan.FromSeconds(20);
            o.ElectionTimeout = TimeSpan.FromMilliseconds(1);
            o.RequestTimeout = TimeSpan.Zero;
            o.MaxKeyBytes = 0;
            o.MaxValueBytes = -1;
            o.MaxClockDrift = 2;
        });

        var error = await StartFailsAsync(node);

        Assert.Equal("OptionsValidationException", error.Type);
        string[] names =
        [
            nameof(RaftKvOptions.NodeId), nameof(RaftKvOptions.DataDirectory), nameof(RaftKvOptions.ListenAddress), nameof(RaftKvOptions.HeartbeatInterval),
            nameof(RaftKvOptions.ElectionTimeout), nameof(RaftKvOptions.RequestTimeout), nameof(RaftKvOptions.MaxKeyBytes),
            nameof(RaftKvOptions.MaxValueBytes), nameof(RaftKvOptions.MaxClockDrift),
        ];
        Assert.All(names, name => Assert.Contains(name, error.Message));
    }

    [Fact]
    public async Task A_port_in_use_is_named_at_the_start()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var cluster = NoNodes();
        var node = cluster.AddNode(more: o => o.ListenAddress = taken.LocalEndpoint.ToString()!);

        var error = await StartFailsAsync(node);

        Assert.Contains(taken.LocalEndpoint.ToString()!, error.Message);
        Assert.Contains("use", error.Message);
    }

    [Fact]
    public async Task Bytes_that_are_no_frame_close_their_connection_and_disturb_nobody()
    {
        var cluster = await FormAsync(configure: Steady);
        var before = await LeadershipAsync(cluster);
        var leader = await cluster.LeaderAsync();
        byte[][] rubbish =
        [
            Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            [0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0, 0, 0, 0, 0],
            new byte[64 * 1024],
        ];
        foreach (var bytes in rubbish)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPEndPoint.Parse(leader.Address), TestContext.Current.CancellationToken);
            await AssertClosedAsync(client, bytes);
        }

        await leader.SetAsync("still", "works");
        await AssertSameLeaderAsync(cluster, before);
    }

    private static async Task AssertClosedAsync(TcpClient client, byte[] bytes)
    {
        try
        {
            var stream = client.GetStream();
            await stream.WriteAsync(bytes);
            var answer = new byte[1024];
            while (await stream.ReadAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(30)) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is a close too.
        }
    }
}
