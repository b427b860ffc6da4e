using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

public sealed class TcpTransportTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public void Two_nodes_introduce_themselves_and_talk_both_ways()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        Connect(a, b);

        Assert.Equal(b.Handler.Identity.Incarnation, a.Handler.Connected.First().Incarnation);
        Assert.Equal(a.Address, b.Handler.Hellos.First().Address);
        foreach (var message in SampleMessages.All)
        {
            a.Send("b", message);
            b.Send("a", message);
        }

        foreach (var (node, from) in new[] { (a, "b"), (b, "a") })
        {
            Eventually.Holds(() => node.Handler.Messages.Count == SampleMessages.All.Count, "every message arrives");
            var received = node.Handler.Messages.ToArray();
            for (var i = 0; i < received.Length; i++)
            {
                Assert.Equal(from, received[i].From);
                SampleMessages.AssertSame(SampleMessages.All[i], received[i].Message);
            }
        }
    }

    [Fact]
    public void Ten_thousand_messages_arrive_in_order_among_three_nodes()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        using var c = new TransportNode("c");
        Connect(a, b, c);

        for (var i = 0; i < 10_000; i++)
        {
            a.Transport.Send("b", new TimeoutNow(i));
            a.Transport.Send("c", new ReadIndexRequest(i, i));
            if (i % 7 == 0)
                a.Transport.Flush();
        }
        a.Transport.Flush();

        Eventually.Holds(() => b.Handler.Messages.Count == 10_000 && c.Handler.Messages.Count == 10_000, "all arrive");
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => (long)i), b.Handler.Messages.Select(m => ((TimeoutNow)m.Message).Term));
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => (long)i), c.Handler.Messages.Select(m => ((ReadIndexRequest)m.Message).Id));
        Assert.Equal(0, a.Transport.Counters.MessagesDropped);
    }

    [Fact]
    public void Large_messages_arrive_whole_between_small_ones()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        Connect(a, b);
        var prng = new Prng(1);
        var large = new AppendEntries(1, default, new[]
        {
            new LogEntry(1, 1, 0, EntryKind.Command, Bytes(prng, 8 * 1024 * 1024)),
            new LogEntry(1, 2, 0, EntryKind.Command, Bytes(prng, 70_000)),
        }, 0, 0, 0);
        var chunk = new InstallSnapshot(1, new EntryId(1, 1), 65_530, 0, Bytes(prng, 65_530), 0);

        PeerMessage[] all = [new TimeoutNow(1), large, new TimeoutNow(2), chunk, large, new TimeoutNow(3)];
        foreach (var message in all)
            a.Send("b", message);

        Eventually.Holds(() => b.Handler.Messages.Count == all.Length, "all arrive");
        Order.AssertKept(all, b.Handler.Messages.Select(m => m.Message));
    }

    [Fact]
    public void A_peer_that_restarts_on_its_port_is_reached_again()
    {
        using var a = new TransportNode("a");
        var b = new TransportNode("b");
        var address = b.Address;
        Connect(a, b);
        b.Dispose();
        Eventually.Holds(() => a.Handler.Disconnected.Contains(("b", true)), "the loss is noticed");

        using var again = new TransportNode("b", listen: address) { Handler = { Identity = b.Handler.Identity } };
        again.Knows(a.Member);
        Eventually.Holds(() => a.Handler.Connected.Count == 2, "a dials again");
        a.Send("b", new TimeoutNow(5));
        Eventually.Holds(() => again.Handler.Messages.Count == 1, "messages flow again");
    }

    [Fact]
    public void A_peer_that_comes_back_and_dials_us_is_dialled_at_once()
    {
        // The next scheduled attempt would be made in an hour.
        var log = new RecordingLogger();
        using var a = new TransportNode("a",
            o => o with { MinReconnectDelay = TimeSpan.FromHours(1), MaxReconnectDelay = TimeSpan.FromHours(1), Logger = log });
        var away = new TransportNode("b");
        var (address, identity) = (away.Address, away.Handler.Identity);
        away.Dispose();
        a.Knows(away.Member);
        Eventually.Holds(() => log.Lines.Any(l => l.Text.StartsWith("Cannot connect to b", StringComparison.Ordinal)), "the first attempt is refused");

        using var back = new TransportNode("b", listen: address) { Handler = { Identity = identity } };
        back.Knows(a.Member);

        Eventually.Holds(() => a.Handler.Connected.Count == 1, "it is dialled");
    }

    [Fact]
    public void A_peer_whose_process_ends_is_reported_as_reset_by_both_its_connections()
    {
        using var a = new TransportNode("a");
        using (var b = new TransportNode("b"))
            Connect(a, b);

        Eventually.Holds(() => a.Handler.Disconnected.Count == 2, "both directions are reported");
        Assert.All(a.Handler.Disconnected, d => Assert.Equal(("b", true), d));
    }

    [Fact]
    public void A_node_of_another_cluster_is_refused_and_nothing_flows()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b", cluster: Guid.NewGuid());
        a.Knows(b.Member);

        Eventually.Holds(() => b.Transport.Counters.ConnectionsRefused >= 3, "a is refused, and tries on");
        a.Send("b", new TimeoutNow(1));
        Assert.Empty(a.Handler.Connected);
        Assert.Empty(b.Handler.Messages);
        Assert.Equal(1, a.Transport.Counters.MessagesDropped);
    }

    [Fact]
    public void A_node_behind_the_wrong_address_is_not_talked_to()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        // b does not check the incarnation here and welcomes a: a must notice by itself.
        b.Handler.Identity = b.Handler.Identity with { NodeId = "c" };
        a.Knows(b.Member with { NodeId = "c", Incarnation = Guid.NewGuid() });

        Eventually.Holds(() => b.Handler.Hellos.Count >= 3, "a dials, and tries on");
        Assert.Empty(a.Handler.Connected);
    }

    [Fact]
    public void A_peer_is_looked_for_wherever_it_may_be_and_the_one_who_sits_at_its_old_address_is_not_talked_to()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        using var squatter = new TransportNode("c");
        a.Handler.Elsewhere["b"] = ["127.0.0.1:1", b.Address];

        a.Knows(b.Member with { Address = squatter.Address });

        Eventually.Holds(() => a.Handler.Connected.Count == 1, "found");
        Assert.Contains(("b", HandshakeVerdict.NotMe), a.Handler.TurnedAway);
        a.Send("b", new TimeoutNow(1));
        Eventually.Holds(() => b.Handler.Messages.Count == 1, "heard");
        Assert.Empty(squatter.Handler.Messages);

        // The configuration now has the address: the connection to it stays.
        a.Knows(b.Member);
        a.Send("b", new TimeoutNow(2));
        Eventually.Holds(() => b.Handler.Messages.Count == 2, "heard again");
        Assert.Single(a.Handler.Connected);
    }

    [Fact]
    public void Of_two_processes_with_one_identity_the_later_is_turned_away_while_the_earlier_answers()
    {
        using var witness = new TransportNode("w");
        var identity = new PeerHello
        {
            NodeId = "twin",
            ClusterId = TransportNode.Cluster,
            Incarnation = Guid.NewGuid(),
            Process = Guid.NewGuid(),
            StartedAt = 1_000,
        };
        var earlier = new TransportNode("twin") { Handler = { Identity = identity } };
        earlier.Knows(witness.Member);
        Eventually.Holds(() => earlier.Handler.Connected.Count == 1, "the first one is welcome");
        using var later = new TransportNode("twin")
        {
            Handler = { Identity = identity with { Process = Guid.NewGuid(), StartedAt = 2_000 } },
        };
        later.Knows(witness.Member);

        Eventually.Holds(() => later.Handler.TurnedAway.Contains(("w", HandshakeVerdict.SecondProcess)), "the second one is not");
        earlier.Send("w", new TimeoutNow(1));
        Eventually.Holds(() => witness.Handler.Messages.Count == 1, "the first one is heard on");

        // The first process ends. Now the second one counts as the next start of the node.
        earlier.Dispose();
        Eventually.Holds(() => later.Handler.Connected.Count == 1, "then it is");
    }

    [Fact]
    public void A_peer_that_moves_is_dialled_at_its_new_address_only()
    {
        using var a = new TransportNode("a");
        using var old = new TransportNode("b");
        using var moved = new TransportNode("b");
        Connect(a, old);

        a.Knows(moved.Member);
        Eventually.Holds(() => a.Handler.Connected.Count == 2, "the new address is dialled");
        a.Send("b", new TimeoutNow(1));
        Eventually.Holds(() => moved.Handler.Messages.Count == 1, "messages go there");
        Assert.Empty(old.Handler.Messages);
        Assert.DoesNotContain(a.Handler.Disconnected, d => d.NodeId == "a");
    }

    [Fact]
    public void Learning_the_incarnation_of_a_connected_peer_keeps_the_connection()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        a.Knows(b.Member with { Incarnation = Guid.Empty });
        Eventually.Holds(() => a.Handler.Connected.Count == 1, "connected");

        a.Knows(b.Member);
        a.Knows(b.Member with { Role = MemberRole.Learner });
        a.Send("b", new TimeoutNow(1));
        Eventually.Holds(() => b.Handler.Messages.Count == 1, "the message arrives");
        Assert.Single(a.Handler.Connected);
        Assert.Empty(a.Handler.Disconnected);
    }

    [Fact]
    public void A_peer_that_is_forgotten_is_neither_dialled_nor_reported()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        a.Knows(b.Member);
        Eventually.Holds(() => b.Handler.Hellos.Count == 1 && a.Handler.Connected.Count == 1, "connected");

        a.Knows();
        Eventually.Holds(() => b.Handler.Disconnected.Count == 1, "b sees it go");
        a.Send("b", new TimeoutNow(1));
        Assert.Equal(1, a.Transport.Counters.MessagesDropped);
        Assert.Empty(a.Handler.Disconnected);
    }

    [Fact]
    public void A_second_connection_of_a_node_replaces_its_first_without_reporting_a_loss()
    {
        using var b = new TransportNode("b");
        using var first = new TransportNode("a");
        first.Knows(b.Member);
        Eventually.Holds(() => first.Handler.Connected.Count == 1, "connected");
        using var second = new RawPeer(b);
        second.IntroduceAs("a");

        // The first node dials again, and its connection replaces the second one in turn.
        Eventually.Holds(() => first.Handler.Connected.Count == 2, "the older connection was closed");
        Assert.True(second.IsClosedByOtherSide());
        first.Send("b", new TimeoutNow(1));
        Eventually.Holds(() => b.Handler.Messages.Count == 1, "the newest connection serves");
        Assert.Empty(b.Handler.Disconnected);
    }

    [Fact]
    public void Messages_of_a_new_connection_wait_until_the_old_one_has_delivered_its_last()
    {
        using var node = new TransportNode("b");
        using var release = new ManualResetEventSlim();
        var log = new System.Collections.Concurrent.ConcurrentQueue<long>();
        node.Handler.OnEach = (_, message) =>
        {
            if (((TimeoutNow)message).Term == 1)
                release.Wait(TimeSpan.FromSeconds(20));
            log.Enqueue(((TimeoutNow)message).Term);
        };
        using var old = new RawPeer(node);
        old.IntroduceAs("a");
        old.Send(new TimeoutNow(1));
        using var newer = new RawPeer(node);
        newer.SendIntroduction("a");
        newer.Send(new TimeoutNow(2));
        Eventually.Holds(() => node.Handler.Hellos.Count == 2, "the newer has introduced itself");

        Assert.Empty(log);
        release.Set();
        Eventually.Holds(() => log.Count == 2, "both are delivered");
        Assert.Equal([1, 2], log);
        Assert.Empty(node.Handler.Disconnected);
    }

    [Fact]
    public void Nodes_meet_over_ipv6()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "this machine has no IPv6");
        using var a = new TransportNode("a", listen: "[::1]:0");
        using var b = new TransportNode("b", listen: "[::1]:0");
        Connect(a, b);

        Assert.StartsWith("[::1]:", b.Address);
    }

    [Fact]
    public void Names_are_resolved()
    {
        using var a = new TransportNode("a", listen: "localhost:0");
        using var b = new TransportNode("b", listen: "localhost:0");
        a.Knows(b.Member with { Address = "localhost:" + b.Address.Split(':')[^1] });

        Eventually.Holds(() => a.Handler.Connected.Count == 1, "connected by name");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:99999")]
    [InlineData("::1:80")]
    [InlineData(":80")]
    [InlineData("192.0.2.1:0")]
    [InlineData("no.such.name.invalid:0")]
    public void An_address_nobody_can_listen_on_is_explained(string address)
    {
        var error = Assert.Throws<InvalidOperationException>(() => new TcpTransport(new TransportOptions { ListenAddress = address }));

        Assert.Contains(address, error.Message);
    }

    [Fact]
    public void A_taken_port_is_explained()
    {
        using var a = new TransportNode("a");

        var error = Assert.Throws<InvalidOperationException>(() => new TcpTransport(new TransportOptions { ListenAddress = a.Address }));
        Assert.Equal($"Cannot listen on {a.Address}: address already in use. Choose another ListenAddress or stop the process that has it.", error.Message);
    }

    [Fact]
    public void A_receiving_thread_outlives_a_handler_that_was_disposed_of_and_hung_up()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        Connect(a, b);
        b.Handler.OnEach = (_, _) =>
        {
            b.Handler.OnEach = null;
            b.Transport.HangUp();
            throw new ObjectDisposedException("replica");
        };

        a.Send("b", new TimeoutNow(1));
        Eventually.Holds(() => b.Handler.Hellos.Count == 2 && a.Handler.Connected.Count == 2, "the peer connects again");
        a.Send("b", new TimeoutNow(2));
        Eventually.Holds(() => b.Handler.Messages.Count == 1, "it is heard");
    }

    [Fact]
    public void The_first_connection_is_made_however_late_the_peer_comes()
    {
        string address;
        using (var early = new TransportNode("b"))
            address = early.Address;
        using var a = new TransportNode("a");
        a.Knows(new Member("b", address, Guid.Empty, MemberRole.Voter));
        a.Send("b", new TimeoutNow(1));

        using var b = new TransportNode("b", listen: address);
        Eventually.Holds(() => a.Handler.Connected.Count == 1, "connected");
        Assert.Empty(a.Handler.Disconnected);
        Assert.Empty(b.Handler.Messages);
    }

    internal static void Connect(params TransportNode[] nodes)
    {
        foreach (var node in nodes)
            node.Knows([.. nodes.Select(n => n.Member)]);
        foreach (var node in nodes)
            Eventually.Holds(() => node.Handler.Connected.Count >= nodes.Length - 1 && node.Handler.Hellos.Count >= nodes.Length - 1, "all are connected");
    }

    private static byte[] Bytes(Prng prng, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
            bytes[i] = (byte)prng.Next();
        return bytes;
    }
}
