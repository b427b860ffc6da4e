using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace RaftKv.Embedded.Transport;

/// <summary>The settings of a <see cref="TcpTransport"/>.</summary>
internal sealed record TransportOptions
{
    /// <summary>host:port; port 0 takes a free one.</summary>
    public required string ListenAddress { get; init; }

    /// <summary>The address at which peers reach this node, if it is not <see cref="ListenAddress"/>.</summary>
    public string? AdvertiseAddress { get; init; }

    /// <summary>The largest payload of one frame, sent or received.</summary>
    public int MaxFrameBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>The most bytes that may wait for one peer; a single larger message is still taken when nothing else waits.</summary>
    public int MaxPeerBufferBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>The most accepted connections without an introduction; one more ends the oldest of them.</summary>
    public int MaxPendingConnections { get; init; } = 64;

    /// <summary>The most accepted connections in all.</summary>
    public int MaxConnections { get; init; } = 256;

    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one attempt to connect may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Data that the peer's machine does not acknowledge for this long ends the connection (Linux); elsewhere keep-alive does, if idle.
    /// </summary>
    public TimeSpan UnacknowledgedTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan MinReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    public TimeSpan MaxReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest time between two attempts to reach a peer that answers, but refuses this node.</summary>
    public TimeSpan MaxRefusedDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Certificates of both sides; null is no TLS.</summary>
    public PeerTls? Tls { get; init; }

    /// <summary>
    /// The secrets that peers may prove; this node proves the first one. Empty: no secret is required. Any thread; a change applies to
    /// connections that are made after it.
    /// </summary>
    public IReadOnlyList<PeerSecret> Secrets
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    } = [];

    /// <summary>Seeds the jitter between attempts.</summary>
    public ulong Seed { get; init; } = 1;

    public ILogger Logger { get; init; } = NullLogger.Instance;
}
