using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// What a node that is not yet a member of a cluster waits for, and what an operator can do. Each reason is logged at once, and again every
/// <see cref="RepeatInterval"/> while it lasts. One thread writes, any thread reads.
/// </summary>
internal sealed class BootstrapReport(string nodeId, ReplicaClock clock, ILogger log)
{
    public static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(10);

    private readonly RepeatThrottle _throttle = new(RepeatInterval);
    private string? _waitsFor;

    /// <summary>Any thread. <c>null</c> while the node waits for nothing.</summary>
    public string? WaitsFor => Volatile.Read(ref _waitsFor);

    /// <param name="reason">Whole sentences: what the node waits for, and what to do.</param>
    /// <param name="isMistake">Waiting alone will not help: the configuration must be corrected.</param>
    /// <param name="subject">Identifies the reason when its text has times that change; <c>null</c> when the text identifies it.</param>
    public void Wait(string reason, bool isMistake, string? subject = null)
    {
        Volatile.Write(ref _waitsFor, reason);
        if (!_throttle.IsDue(subject ?? reason, clock.Ticks))
            return;
        if (isMistake)
            log.CannotBootstrap(nodeId, reason);
        else
            log.WaitsForMember(nodeId, reason);
    }

    /// <summary>The node waits for nothing any more.</summary>
    public void Clear() => Volatile.Write(ref _waitsFor, null);
}
