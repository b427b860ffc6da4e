using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Listens for a while before a backup is restored into an empty directory. A cluster that counts this node among its members dials it all
/// the time: then the directory is that of a replaced disk, and the restore would bootstrap a second cluster from an old state.
/// </summary>
internal sealed class RestoreGuard(RaftKvOptions options, NodeIdentity identity, Func<string> address) : ITransportHandler, IDisposable
{
    private readonly ManualResetEventSlim _heard = new();
    private volatile PeerHello? _caller;

    public PeerHello Identity => new()
    {
        NodeId = identity.NodeId,
        Incarnation = identity.Incarnation,
        Address = address(),
        FeatureLevel = FeatureLevels.Of(options),
    };

    /// <summary>Whether a peer can know where this node listens.</summary>
    public static bool CanBeReached(RaftKvOptions options) =>
        options.AdvertiseAddress is not null || (HostAndPort.TryParse(options.ListenAddress, out var listen) && listen.Port != 0);

    /// <summary>The member that has dialled this node on behalf of its cluster; <c>null</c> when there was none in time.</summary>
    public PeerHello? WaitForCluster(TimeSpan patience, CancellationToken cancellationToken)
    {
        _heard.Wait(patience, cancellationToken);
        return _caller;
    }

    public HandshakeVerdict OnHello(PeerHello hello)
    {
        if (!hello.IsProbe && hello.TargetNodeId == identity.NodeId && hello.NodeId != identity.NodeId && hello.ClusterId != Guid.Empty)
        {
            _caller = hello;
            _heard.Set();
        }
        return HandshakeVerdict.Unavailable;
    }

    public void OnMessage(PeerHello from, PeerMessage message) { }

    public void OnPause() { }

    public void OnDisconnected(string nodeId, bool reset) { }

    public void OnConnected(PeerHello peer, string address) { }

    public void Dispose() => _heard.Dispose();
}
