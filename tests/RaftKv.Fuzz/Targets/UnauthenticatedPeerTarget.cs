using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Fuzz.Targets;

/// <summary>
/// Unknown peers at the peer port of a whole node that serves: every input on a connection of its own. None of them may get in, and the
/// node's term, log, members and leadership are afterwards what they were. Where peers must prove a secret, unknown peers know everything
/// else: the cluster, the node and its incarnation.
/// </summary>
internal sealed class UnauthenticatedPeerTarget : FuzzTarget
{
    private readonly bool _hasSecret;
    private readonly string _directory = Directory.CreateTempSubdirectory("raftkv-fuzz-").FullName;
    private readonly IHost _host;
    private readonly IDistributedKv _kv;
    private readonly IRaftKvCluster _cluster;
    private readonly RaftKvStatus _before;
    private readonly string _address;

    public UnauthenticatedPeerTarget(bool hasSecret)
    {
        _hasSecret = hasSecret;
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddRaftKv(options =>
        {
            (options.NodeId, options.DataDirectory) = (LiveProcess.NodeId, _directory);
            if (hasSecret)
                options.PeerSecrets.Add("a secret that no stranger can know or guess");
        });
        _host = builder.Build();
        _host.Start();
        _kv = _host.Services.GetRequiredService<IDistributedKv>();
        _cluster = _host.Services.GetRequiredService<IRaftKvCluster>();
        _kv.SetAsync("key", "value"u8.ToArray()).AsTask().GetAwaiter().GetResult();
        _before = _cluster.Status;
        _address = _before.Members[0].Address;
        Corpus = [.. Introductions(), .. HandshakeTarget.FramesOf(Golden("wire-v1")), .. OtherProtocols()];
    }

    public override IReadOnlyList<byte[]> Corpus { get; }

    /// <summary>
    /// Corrects the checksum of each frame by the length that it states. The last frame gets the length of the remaining bytes.
    /// </summary>
    public override void Reseal(Span<byte> input)
    {
        while (input.Length > Frame.OverheadBytes && Frame.OverheadBytes + (long)Frame.PayloadLength(input) is var length && length < input.Length)
        {
            HandshakeTarget.ResealFrame(input[..(int)length]);
            input = input[(int)length..];
        }
        HandshakeTarget.ResealFrame(input);
    }

    public override bool Take(byte[] input, bool isAuthentic)
    {
        using var stranger = new RawConnection(_address);
        // In two pieces, because a network may split the bytes anywhere.
        var cut = input.Length / 2;
        stranger.Send(input.AsSpan(0, cut));
        stranger.Send(input.AsSpan(cut));
        var answers = HandshakeTarget.FramesOf(stranger.Finish()).ToList();
        Require(answers.Count <= 2, "an unknown peer was told more than a challenge and an answer");
        foreach (var answer in answers.Where(a => (FrameType)a[4] == FrameType.HelloReply))
        {
            Handshake.DecodeReply(FrameType.HelloReply, Frame.Open(answer), out var verdict);
            Require(verdict != HandshakeVerdict.Welcome || (IsProbe(input) && !_hasSecret), "an unknown peer was let in");
        }
        return answers.Count > 0;
    }

    private static bool IsProbe(byte[] input)
        => Handshake.DecodeHello(FrameType.Hello, Frame.Open(input.AsMemory(0, Frame.ReadHeader(input, Frame.MaxHandshakePayload, out _)))).Hello.IsProbe;

    public override void Check()
    {
        var after = _cluster.Status;
        Require((after.Role, after.Term, after.LeaderId, after.LastIndex, after.CommitIndex, after.KeyCount)
            == (_before.Role, _before.Term, _before.LeaderId, _before.LastIndex, _before.CommitIndex, _before.KeyCount), $"strangers changed the node: {after}");
        Require(after.Members.Count == 1, "unknown peers became members");
        var read = _kv.GetAsync("key").AsTask().WaitAsync(TimeSpan.FromSeconds(20)).GetAwaiter().GetResult();
        Require(read.Found && read.Value.Span.SequenceEqual("value"u8), "the node does not serve any more");
        LiveProcess.MustBeBounded();
    }

    public override void Dispose()
    {
        _host.StopAsync().GetAwaiter().GetResult();
        _host.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>
    /// Well-formed introductions: of another cluster, of none, for another node, or only a probe. Where a secret is required, all else is
    /// right, and the proof is missing or wrong.
    /// </summary>
    private IEnumerable<byte[]> Introductions()
    {
        var identity = NodeIdentity.Load(new OsFileSystem(), _directory, LiveProcess.NodeId)!;
        foreach (var target in (string[])[LiveProcess.NodeId, "another", ""])
        {
            foreach (var cluster in (Guid[])[Guid.Empty, _hasSecret ? identity.ClusterId : Guid.NewGuid()])
            {
                var hello = new PeerHello
                {
                    NodeId = "unknown-peer",
                    ClusterId = cluster,
                    Address = "127.0.0.1:1",
                    TargetNodeId = target,
                    TargetIncarnation = identity.Incarnation,
                    Incarnation = Guid.NewGuid(),
                };
                yield return Handshake.Of(hello).EncodeHello();
                if (_hasSecret)
                    yield return [.. Handshake.Of(hello, PeerSecret.NewNonce()).EncodeHello(), .. Handshake.Envelop(new byte[PeerSecret.ProofBytes], FrameType.Proof)];
            }
        }
    }

    private static IEnumerable<byte[]> OtherProtocols() =>
    [
        Encoding.ASCII.GetBytes("GET /raft/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, .. new byte[200]],
        Encoding.ASCII.GetBytes("SSH-2.0-OpenSSH_9.2\r\n"),
        [0xFF, 0xFF, 0xFF, 0xFF, 1, 0],
        [0xFF, 0xFF, 0xFF, 0x7F, 1, 0],
    ];
}
