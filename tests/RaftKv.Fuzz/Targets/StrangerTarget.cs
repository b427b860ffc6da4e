using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded;
using RaftKv.Embedded.Transport;

namespace RaftKv.Fuzz.Targets;

/// <summary>
/// Strangers at the peer port of a whole node that serves: every input on a connection of its own. None of them may get in, and the node's term, log, members and
/// leadership are afterwards what they were.
/// </summary>
internal sealed class StrangerTarget : FuzzTarget
{
    private readonly string _directory = Directory.CreateTempSubdirectory("raftkv-fuzz-").FullName;
    private readonly IHost _host;
    private readonly IDistributedKv _kv;
    private readonly IRaftKvCluster _cluster;
    private readonly RaftKvStatus _before;
    private readonly string _address;

    public StrangerTarget()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddRaftKv(options => (options.NodeId, options.DataDirectory) = (LiveProcess.NodeId, _directory));
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

    public override void Reseal(Span<byte> input) => HandshakeTarget.ResealFrame(input);

    public override bool Take(byte[] input, bool isAuthentic)
    {
        using var stranger = new RawConnection(_address);
        // In two pieces, as networks do.
        var cut = input.Length / 2;
        stranger.Send(input.AsSpan(0, cut));
        stranger.Send(input.AsSpan(cut));
        var answer = stranger.Finish();
        if (answer.Length == 0)
            return false;
        var hello = Handshake.DecodeHello(FrameType.Hello, Frame.Open(input.AsMemory(0, Frame.ReadHeader(input, Frame.MaxHandshakePayload, out _))));
        var length = Frame.ReadHeader(answer, Frame.MaxHandshakePayload, out var type);
        Require(length == answer.Length, "a stranger was told more than one frame");
        Handshake.DecodeReply(type, Frame.Open(answer), out var verdict);
        Require(verdict != HandshakeVerdict.Welcome || hello.Hello.IsProbe, $"a stranger was let in: {hello}");
        return true;
    }

    public override void Check()
    {
        var after = _cluster.Status;
        Require((after.Role, after.Term, after.LeaderId, after.LastIndex, after.CommitIndex, after.KeyCount)
            == (_before.Role, _before.Term, _before.LeaderId, _before.LastIndex, _before.CommitIndex, _before.KeyCount), $"strangers changed the node: {after}");
        Require(after.Members.Count == 1, "strangers became members");
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

    /// <summary>Good in every respect but that they are of another cluster, of none, for another node, or only ask who is there.</summary>
    private static IEnumerable<byte[]> Introductions()
    {
        foreach (var target in (string[])[LiveProcess.NodeId, "another", ""])
        {
            foreach (var cluster in (Guid[])[Guid.Empty, Guid.NewGuid()])
                yield return Handshake.Of(new PeerHello { NodeId = "stranger", ClusterId = cluster, Address = "127.0.0.1:1", TargetNodeId = target, Incarnation = Guid.NewGuid() }).EncodeHello();
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
