using System.Net;
using System.Net.Sockets;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>Peers that prove a shared secret: unknown peers, recorded connections and a man in the middle achieve nothing.</summary>
public sealed class PeerSecretTests
{
    private const string Secret = "correct horse battery staple, and more of the like";
    private const string Other = "another secret altogether, also of sufficient length";

    [Fact]
    public void Messages_of_every_kind_cross_a_sealed_connection()
    {
        using var a = Node("a", Secret);
        using var b = Node("b", Secret);
        TcpTransportTests.Connect(a, b);
        PeerMessage[] messages = [.. SampleMessages.All, new InstallSnapshot(1, default, 1, 0, new byte[5_000_000], 0), .. SampleMessages.All];

        foreach (var message in messages)
            a.Send("b", message);

        Eventually.Holds(() => b.Handler.Messages.Count == messages.Length, "all arrive");
        Order.AssertKept(messages, b.Handler.Messages.Select(m => m.Message));
    }

    [Fact]
    public void A_secret_can_be_changed_one_node_at_a_time()
    {
        using var old = Node("old", Secret);
        using var both = Node("both", Secret, Other);
        using var next = Node("next", Other, Secret);
        using var only = Node("only", Other);

        TcpTransportTests.Connect(old, both);
        TcpTransportTests.Connect(both, next);
        TcpTransportTests.Connect(next, only);
        TcpTransportTests.Connect(only, both);
    }

    public static TheoryData<string, string?> Strangers => new() { { "another secret", Other }, { "no secret", null } };

    [Theory]
    [MemberData(nameof(Strangers))]
    public void Without_the_secret_nobody_is_let_in_nor_talked_to(string kind, string? secret)
    {
        var (log, strangersLog) = (new RecordingLogger(), new RecordingLogger());
        using var b = Node("b", log, Secret);
        using var stranger = Node("x", strangersLog, secret is null ? [] : [secret]);
        stranger.Knows(b.Member);
        b.Knows(stranger.Member);

        Eventually.Holds(() => b.Transport.Counters.ConnectionsRefused > 1, kind + " is refused, again and again");
        Eventually.Holds(() => log.Count(303) > 0 && strangersLog.Count(303) > 0, "both say why");
        Assert.Empty(b.Handler.Hellos);
        Assert.Empty(b.Handler.Connected);
        Assert.Empty(stranger.Handler.Connected);
        Assert.Equal(1, log.Count(316));
        Assert.DoesNotContain(log.Lines.Concat(strangersLog.Lines), l => l.Text.Contains(Secret, StringComparison.Ordinal) || l.Text.Contains(Other, StringComparison.Ordinal));
        AssertServes(b);
    }

    [Fact]
    public void A_recorded_connection_says_nothing_when_it_is_played_again()
    {
        using var b = Node("b", Secret);
        using var wire = new Wiretap(b.Address);
        using (var a = Node("a", Secret))
        {
            a.Knows(b.Member with { Address = wire.Address });
            Eventually.Holds(() => a.Handler.Connected.Count == 1, "connected");
            for (var i = 0; i < 100; i++)
                a.Send("b", new TimeoutNow(i));
            Eventually.Holds(() => b.Handler.Messages.Count == 100, "heard");
        }
        var hellos = b.Handler.Hellos.Count;

        using var replay = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        replay.Connect(IPEndPoint.Parse(b.Address));
        replay.Send(wire.Recorded);

        Eventually.Holds(() => b.Transport.Counters.ConnectionsRefused == 1, "refused");
        Assert.Equal(hellos, b.Handler.Hellos.Count);
        Assert.Equal(100, b.Handler.Messages.Count);
        AssertServes(b);
    }

    [Fact]
    public void An_introduction_reflected_to_its_sender_or_redirected_to_another_node_is_refused()
    {
        using var a = Node("a", Secret);
        using var c = Node("c", Secret);
        // An attacker at the address of b forwards everything, first to a itself, then to c.
        foreach (var target in new[] { a, c })
        {
            using var wire = new Wiretap(target.Address);
            var before = target.Transport.Counters.ConnectionsRefused;
            a.Knows(new Member("b", wire.Address, Guid.Empty, MemberRole.Voter));
            Eventually.Holds(() => target.Transport.Counters.ConnectionsRefused > before, "not b");
            a.Knows();
        }
        Assert.Empty(a.Handler.Connected);
    }

    public static TheoryData<string> Tamperings => ["changed", "repeated", "left out"];

    [Theory]
    [MemberData(nameof(Tamperings))]
    public void Whatever_is_done_to_frames_on_their_way_ends_the_connection(string kind)
    {
        using var b = Node("b", Secret);
        using var wire = new Wiretap(b.Address);
        using var a = Node("a", Secret);
        a.Knows(b.Member with { Address = wire.Address });
        Eventually.Holds(() => a.Handler.Connected.Count == 1, "connected");
        a.Send("b", new TimeoutNow(1));
        Eventually.Holds(() => b.Handler.Messages.Count == 1, "heard");

        wire.Tamper = kind switch
        {
            "changed" => Change,
            "repeated" => bytes => [.. bytes, .. bytes],
            _ => _ => [],
        };
        a.Send("b", new TimeoutNow(2));
        Eventually.Holds(() => wire.Tampered == 1, "tampered with");
        wire.Tamper = null;
        a.Send("b", new TimeoutNow(3));

        Eventually.Holds(() => b.Transport.Counters.ConnectionsInvalid == 1, "noticed");
        Assert.Equal(kind == "repeated" ? [1L, 2L] : new[] { 1L }, b.Handler.Messages.Select(m => ((TimeoutNow)m.Message).Term));

        // The checksum is right, so it is not the checksum that detects the change.
        static byte[] Change(byte[] bytes)
        {
            bytes[Frame.HeaderBytes] ^= 1;
            Frame.Seal(bytes.AsSpan()[..^FrameSeal.TagBytes], (FrameType)bytes[4]);
            return bytes;
        }
    }

    [Fact]
    public void Certificates_and_a_secret_go_together()
    {
        var authority = new TestAuthority();
        using var a = Both("a");
        using var b = Both("b");
        TcpTransportTests.Connect(a, b);
        a.Send("b", new TimeoutNow(1));
        Eventually.Holds(() => b.Handler.Messages.Count == 1, "heard");

        TransportNode Both(string nodeId)
        {
            var credentials = authority.Credentials(nodeId);
            return new TransportNode(nodeId, o => o with { Tls = new PeerTls(new RaftKvTlsOptions { Credentials = () => credentials }, o.Logger), Secrets = [new PeerSecret(Secret)] });
        }
    }

    private static TransportNode Node(string nodeId, params string[] secrets) => Node(nodeId, new RecordingLogger(), secrets);

    private static TransportNode Node(string nodeId, RecordingLogger log, params string[] secrets) =>
        new(nodeId, o => o with { Secrets = [.. secrets.Select(s => new PeerSecret(s))], Logger = log });

    private static void AssertServes(TransportNode node)
    {
        using var friend = Node("friend", Secret);
        friend.Knows(node.Member);
        Eventually.Holds(() => friend.Handler.Connected.Count == 1, "a friend connects");
        friend.Send(node.Handler.Identity.NodeId, new TimeoutNow(77));
        Eventually.Holds(() => node.Handler.Messages.Any(m => m.From == "friend"), "a friend is heard");
    }
}
