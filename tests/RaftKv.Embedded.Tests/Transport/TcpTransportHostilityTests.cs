using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>Unknown peers, faulty peers and slow peers do not harm a transport or its other peers.</summary>
public sealed class TcpTransportHostilityTests
{
    public static TheoryData<string, byte[]> FirstBytes => new()
    {
        { "HTTP", Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") },
        { "TLS", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03] },
        { "zeros", new byte[1_000] },
        { "length -1", [0xFF, 0xFF, 0xFF, 0xFF, 1, 0] },
        { "length of 2 GiB - 1", [0xFF, 0xFF, 0xFF, 0x7F, 1, 0] },
        { "a frame a member may send and a stranger may not", [0x01, 0x10, 0x00, 0x00, 1, 0] },
        { "a message before the introduction", SampleMessages.Encode(new TimeoutNow(1)) },
        { "an introduction with a wrong checksum", Damage(SampleMessages.Hello.EncodeHello(), ^1) },
        { "an introduction with another magic", Damage(SampleMessages.Hello.EncodeHello(), 6, reseal: true) },
        { "an introduction with an unknown flag", Damage(SampleMessages.Hello.EncodeHello(), 5) },
    };

    [Theory]
    [MemberData(nameof(FirstBytes))]
    public void Whoever_does_not_speak_the_protocol_is_cut_off_and_the_peers_are_served(string what, byte[] bytes)
    {
        using var node = new TransportNode("b");
        using var stranger = new RawPeer(node);
        stranger.Send(bytes);

        Assert.True(stranger.IsClosedByOtherSide(), what);
        Assert.Equal(1, node.Transport.Counters.ConnectionsInvalid);
        AssertServes(node);
    }

    public static TheoryData<string, byte[]> LaterBytes => new()
    {
        { "length of 2 GiB - 1", [0xFF, 0xFF, 0xFF, 0x7F, 18, 0] },
        { "length over the limit", [0x01, 0x00, 0x00, 0x02, 18, 0] },
        { "wrong checksum", Damage(SampleMessages.Encode(SampleMessages.All[5]), ^1) },
        { "a second introduction", SampleMessages.Hello.EncodeHello() },
        { "an impossible count", Damage(SampleMessages.Encode(SampleMessages.All[4]), ^5, reseal: true) },
    };

    [Theory]
    [MemberData(nameof(LaterBytes))]
    public void A_peer_that_sends_what_cannot_be_is_cut_off_and_reported(string what, byte[] bytes)
    {
        using var node = new TransportNode("b");
        using var peer = new RawPeer(node);
        Assert.Equal(HandshakeVerdict.Welcome, peer.IntroduceAs("a"));
        peer.Send(new TimeoutNow(1));
        peer.Send(bytes);

        Assert.True(peer.IsClosedByOtherSide(), what);
        Eventually.Holds(() => node.Handler.Disconnected.Contains(("a", false)), "reported, and not as a dead process");
        Assert.Single(node.Handler.Messages);
        Assert.Equal(1, node.Transport.Counters.ConnectionsInvalid);
        AssertServes(node);
    }

    [Fact]
    public void Random_bytes_from_a_peer_never_hurt()
    {
        using var node = new TransportNode("b");
        var prng = new Prng(99);
        for (var i = 0; i < 60; i++)
        {
            using var peer = new RawPeer(node);
            if (i % 3 != 0)
                peer.IntroduceAs("a");
            var bytes = new byte[10 + prng.Below(5_000)];
            for (var at = 0; at < bytes.Length; at++)
                bytes[at] = (byte)prng.Next();
            if (i % 3 == 1)
                Frame.Seal(bytes, (FrameType)(16 + prng.Below(10)));
            peer.Send(bytes);
            peer.Reset();
        }
        AssertServes(node);
    }

    [Fact]
    public void Messages_of_a_later_version_are_skipped()
    {
        using var node = new TransportNode("b");
        using var peer = new RawPeer(node);
        peer.IntroduceAs("a");
        var unknown = new byte[100];
        Frame.Seal(unknown, (FrameType)200);
        peer.Send(unknown);
        peer.Send(new TimeoutNow(3));

        Eventually.Holds(() => node.Handler.Messages.Count == 1, "the known one arrives");
        Assert.Equal(1, node.Transport.Counters.MessagesUnknown);
    }

    [Fact]
    public void Frames_arrive_whole_whatever_pieces_the_network_cuts_them_into()
    {
        using var node = new TransportNode("b");
        using var peer = new RawPeer(node);
        peer.IntroduceAs("a");
        var stream = SampleMessages.All.SelectMany(SampleMessages.Encode).ToArray();
        var prng = new Prng(5);
        for (var at = 0; at < stream.Length;)
        {
            var piece = (int)Math.Min(1 + prng.Below(17), stream.Length - at);
            peer.Send(stream[at..(at + piece)]);
            at += piece;
        }

        Eventually.Holds(() => node.Handler.Messages.Count == SampleMessages.All.Count, "all arrive");
        foreach (var (sent, received) in SampleMessages.All.Zip(node.Handler.Messages))
            SampleMessages.AssertSame(sent, received.Message);
    }

    [Fact]
    public void A_peer_that_breaks_off_inside_a_frame_delivers_nothing_of_it()
    {
        using var node = new TransportNode("b");
        var peer = new RawPeer(node);
        peer.IntroduceAs("a");
        var frame = SampleMessages.Encode(SampleMessages.All[5]);
        peer.Send(frame[..^10]);
        peer.Reset();

        Eventually.Holds(() => node.Handler.Disconnected.Contains(("a", true)), "the reset is reported");
        Assert.Empty(node.Handler.Messages);
    }

    [Fact]
    public void Silent_strangers_are_bounded_and_make_room_for_peers()
    {
        using var node = new TransportNode("b", o => o with { MaxPendingConnections = 16 });
        var strangers = Enumerable.Range(0, 200).Select(_ => new RawPeer(node)).ToList();

        Eventually.Holds(() => node.Transport.Counters.ConnectionsRefused >= 200 - 16, "all but the newest are dropped");
        Assert.All(strangers.Take(150), s => Assert.True(s.IsClosedByOtherSide()));
        AssertServes(node);
        strangers.ForEach(s => s.Dispose());
    }

    [Fact]
    public void Ten_thousand_half_open_connections_cost_a_bounded_number_of_threads_and_one_line_in_the_log()
    {
        var log = new RecordingLogger();
        using var node = new TransportNode("b", o => o with { Logger = log });
        using var peer = new TransportNode("a");
        TcpTransportTests.Connect(node, peer);
        var threads = 0;
        var strangers = new Queue<RawPeer>();
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 10_000; i++)
        {
            strangers.Enqueue(new RawPeer(node));
            if (i % 100 == 0)
            {
                threads = Math.Max(threads, Process.GetCurrentProcess().Threads.Count);
                peer.Send("b", new TimeoutNow(i));
                // No faster than they are accepted, because a connection that the kernel drops is repeated only after a second.
                if (i >= 200)
                    Assert.True(strangers.First().IsClosedByOtherSide());
            }
            // This process holds both ends of each connection, and may not be allowed so many descriptors.
            if (strangers.Count > 200)
                strangers.Dequeue().Dispose();
        }

        Eventually.Holds(() => node.Handler.Messages.Count == 100, "the peer is heard all the while");
        Assert.Single(node.Handler.Connected);
        Assert.Empty(node.Handler.Disconnected);
        Assert.InRange(threads, 1, 2 * 256 + 200);
        Assert.InRange(log.Count(310), 1, 1 + (int)(clock.Elapsed.TotalSeconds / LogThrottle.Seconds));
        while (strangers.TryDequeue(out var stranger))
            stranger.Dispose();
    }

    [Fact]
    public void A_stranger_who_says_nothing_is_cut_off_in_time()
    {
        using var node = new TransportNode("b", o => o with { HandshakeTimeout = TimeSpan.FromMilliseconds(100) });
        using var stranger = new RawPeer(node);
        stranger.Send([1, 2]);

        Assert.True(stranger.IsClosedByOtherSide());
    }

    [Fact]
    public void A_peer_that_does_not_read_costs_a_bounded_buffer_and_the_others_nothing()
    {
        const int Limit = 4 * 1024 * 1024;
        using var release = new ManualResetEventSlim();
        using var a = new TransportNode("a", o => o with { MaxPeerBufferBytes = Limit, UnacknowledgedTimeout = TimeSpan.FromSeconds(60) });
        using var slow = new TransportNode("slow");
        using var fast = new TransportNode("fast");
        var received = new List<long>();
        slow.Handler.OnEach = (_, message) =>
        {
            release.Wait(TimeSpan.FromSeconds(60));
            lock (received)
                received.Add(((InstallSnapshot)message).Offset);
        };
        TcpTransportTests.Connect(a, slow, fast);

        var data = new byte[100_000];
        for (var i = 0; i < 500; i++)
        {
            a.Transport.Send("slow", new InstallSnapshot(1, default, 1, i, data, 0));
            a.Transport.Send("fast", new TimeoutNow(i));
            a.Transport.Flush();
        }
        Eventually.Holds(() => fast.Handler.Messages.Count == 500, "the other peer has everything");
        var dropped = a.Transport.Counters.MessagesDropped;
        Assert.InRange(dropped, 1, 499);

        release.Set();
        Eventually.Holds(() => Count() == 500 - dropped, "what was not dropped arrives");
        lock (received)
            Assert.Equal(received.Order(), received);

        int Count()
        {
            lock (received)
                return received.Count;
        }
    }

    [Fact]
    public void Urgent_messages_pass_the_bulk_that_a_slow_peer_has_not_taken()
    {
        using var release = new ManualResetEventSlim();
        using var a = new TransportNode("a", o => o with { UnacknowledgedTimeout = TimeSpan.FromSeconds(60) });
        using var slow = new TransportNode("slow");
        var received = new List<PeerMessage>();
        slow.Handler.OnEach = (_, message) =>
        {
            lock (received)
                received.Add(message);
            release.Wait(TimeSpan.FromSeconds(60));
        };
        TcpTransportTests.Connect(a, slow);
        for (var i = 0; i < 30; i++)
            a.Send("slow", new InstallSnapshot(1, default, 1, i, new byte[1_000_000], 0));
        a.Send("slow", new TimeoutNow(1));
        release.Set();

        Eventually.Holds(() => Count() == 31, "all of it arrives");
        lock (received)
        {
            Assert.InRange(received.FindIndex(m => m is TimeoutNow), 0, 15);
            Assert.Equal(Enumerable.Range(0, 30).Select(i => (long)i), received.OfType<InstallSnapshot>().Select(m => m.Offset));
        }

        int Count()
        {
            lock (received)
                return received.Count;
        }
    }

    [Fact]
    public void A_peer_whose_machine_takes_nothing_any_more_is_given_up_and_dialled_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "TCP_USER_TIMEOUT is Linux's");
        using var release = new ManualResetEventSlim();
        using var a = new TransportNode("a", o => o with { UnacknowledgedTimeout = TimeSpan.FromMilliseconds(500) });
        using var b = new TransportNode("b");
        b.Handler.OnEach = (_, _) => release.Wait(TimeSpan.FromSeconds(20));
        TcpTransportTests.Connect(a, b);
        for (var i = 0; i < 30; i++)
            a.Send("b", new InstallSnapshot(1, default, 1, i, new byte[1_000_000], 0));

        Eventually.Holds(() => a.Handler.Disconnected.Contains(("b", false)), "given up as silent, not as dead");
        release.Set();
        Eventually.Holds(() => a.Handler.Connected.Count == 2, "connected again");
    }

    [Fact]
    public void A_message_larger_than_a_frame_is_dropped_and_the_connection_lives()
    {
        using var a = new TransportNode("a", o => o with { MaxFrameBytes = 10_000 });
        using var b = new TransportNode("b");
        TcpTransportTests.Connect(a, b);

        a.Send("b", new InstallSnapshot(1, default, 1, 0, new byte[10_001], 0));
        a.Send("b", new TimeoutNow(1));

        Eventually.Holds(() => b.Handler.Messages.Count == 1, "the small one arrives");
        Assert.IsType<TimeoutNow>(b.Handler.Messages.First().Message);
        Assert.Equal(1, a.Transport.Counters.MessagesDropped);
    }

    [Fact]
    public void A_peer_that_talks_where_it_should_listen_is_dropped()
    {
        using var a = new TransportNode("a");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        a.Knows(new Member("b", listener.LocalEndpoint.ToString()!, Guid.Empty, MemberRole.Voter));
        using var accepted = listener.AcceptSocket();
        accepted.Receive(new byte[4096]);
        accepted.Send(
            Handshake.Of(new PeerHello { NodeId = "b", ClusterId = TransportNode.Cluster }).EncodeReply(HandshakeVerdict.Welcome));
        Eventually.Holds(() => a.Handler.Connected.Count == 1, "connected");

        accepted.Send(SampleMessages.Encode(new TimeoutNow(1)));

        Eventually.Holds(() => a.Handler.Disconnected.Contains(("b", false)), "dropped");
        Assert.Empty(a.Handler.Messages);
    }

    [Fact]
    public void Disposing_ends_every_connection_in_time_even_with_strangers_and_unreachable_peers()
    {
        var node = new TransportNode("mortal");
        using var peer = new TransportNode("a");
        TcpTransportTests.Connect(node, peer);
        using var stranger = new RawPeer(node);
        node.Knows(peer.Member, new Member("gone", "127.0.0.1:1", Guid.Empty, MemberRole.Voter), new Member("odd", "nonsense", Guid.Empty, MemberRole.Voter));

        var disposed = Task.Factory.StartNew(node.Dispose, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Eventually.Holds(() => disposed.IsCompletedSuccessfully, "disposed");
        Assert.True(stranger.IsClosedByOtherSide());
        Assert.Empty(node.Handler.Disconnected);
        if (OperatingSystem.IsLinux())
            Eventually.Holds(() => !ThreadNames().Any(n => n.StartsWith("raftkv-mortal", StringComparison.Ordinal)), "its threads are gone");
        node.Transport.Send("a", new TimeoutNow(1));
        node.Transport.Flush();
    }

    private static IEnumerable<string> ThreadNames()
    {
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string name;
            try
            {
                name = File.ReadAllText(Path.Combine(task, "comm"));
            }
            catch (IOException)
            {
                continue;
            }
            yield return name;
        }
    }

    private static void AssertServes(TransportNode node)
    {
        using var friend = new TransportNode("friend");
        friend.Knows(node.Member);
        Eventually.Holds(() => friend.Handler.Connected.Count == 1, "a friend connects");
        friend.Send(node.Handler.Identity.NodeId, new TimeoutNow(77));
        Eventually.Holds(() => node.Handler.Messages.Any(m => m.From == "friend"), "a friend is heard");
    }

    private static byte[] Damage(byte[] frame, Index at, bool reseal = false)
    {
        frame[at] ^= 0x40;
        if (reseal)
            Frame.Seal(frame, (FrameType)frame[4]);
        return frame;
    }
}
