using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>The state that all connections of one started transport share.</summary>
internal sealed class TransportContext(TransportOptions options, TransportCounters counters, ITransportHandler handler, string address)
{
    private volatile bool _stopping;

    public TransportOptions Options { get; } = options;

    public TransportCounters Counters { get; } = counters;

    public ITransportHandler Handler { get; } = handler;

    public LogThrottle Throttle { get; } = new();

    public ILogger Logger => Options.Logger;

    public string NodeId { get; } = handler.Identity.NodeId;

    public bool IsStopping => _stopping;

    public void Stop() => _stopping = true;

    /// <summary>
    /// This node's introduction to a peer it dials, to a probed address (no target), or to a peer that dialled it (no target either).
    /// </summary>
    public PeerHello Self(Member? target = null)
    {
        var self = Handler.Identity;
        return self with
        {
            Address = self.Address.Length > 0 ? self.Address : address,
            TargetNodeId = target?.NodeId ?? "",
            TargetIncarnation = target?.Incarnation ?? Guid.Empty,
            AcceptsParts = true,
        };
    }

    /// <summary>Makes a dedicated thread, because the application may have starved the thread pool.</summary>
    public Thread NewThread(ThreadStart run, string role) => new(run) { IsBackground = true, Name = $"raftkv-{NodeId}-{role}" };
}
