using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Keeps the leases of this process alive, on one thread of its own and without the pool: an application that blocks every pool thread keeps its leases. The thread exists while there are any.
/// </summary>
internal sealed class LeaseRenewer(ReplicaAccess access, RaftKvOptions options)
{
    /// <summary>How often it looks for an answer that is not there yet.</summary>
    private const int PollMs = 5;

    private readonly object _gate = new();
    private readonly List<(HeldLease Lease, LeaseDeadline Life)> _held = [];
    private bool _runs;

    /// <param name="lease">Just granted.</param>
    /// <param name="sentAt">When the request for it was sent, in monotonic ticks.</param>
    public void Hold(HeldLease lease, long sentAt)
    {
        lock (_gate)
        {
            access.Host.Telemetry.Leases.Granted();
            _held.Add(
                (lease, new LeaseDeadline(lease.Id, lease.TimeToLive.Ticks, options.MaxClockDrift, options.RequestTimeout.Ticks, sentAt)));
            Monitor.Pulse(_gate);
            if (_runs)
                return;
            _ = new DedicatedThread($"raftkv-{options.NodeId}-lease", Run, ThreadPriority.AboveNormal);
            _runs = true;
        }
    }

    /// <summary>The leases that are revoked when the host stops.</summary>
    public HeldLease[] ThatEndWithHost()
    {
        lock (_gate)
            return [.. _held.Select(h => h.Lease).Where(l => l.EndsWithHost)];
    }

    /// <summary>The process has a lock that ends with this lease.</summary>
    public void MarkLocked(KvLease lease)
    {
        lock (_gate)
        {
            // It may be lost by now.
            if (_held.Find(h => h.Lease == lease).Lease is not { } held)
                return;
            held.HoldsLock = true;
            access.Host.Telemetry.Leases.Locked();
        }
    }

    public void Forget(HeldLease lease)
    {
        lock (_gate)
        {
            if (_held.RemoveAll(h => h.Lease == lease) > 0)
                access.Host.Telemetry.Leases.Ended(lease.HoldsLock, isLost: false);
        }
    }

    private void Run()
    {
        var host = access.Host;
        lock (_gate)
        {
            while (_held.Count > 0)
            {
                var now = host.Clock.Ticks;
                _held.RemoveAll(h => !KeepAlive(h, host, now));
                if (_held.Count > 0)
                    Monitor.Wait(_gate, WaitMs(now));
            }
            _runs = false;
        }
    }

    /// <summary>Whether it still lives.</summary>
    private static bool KeepAlive((HeldLease Lease, LeaseDeadline Life) held, ReplicaHost host, long now)
    {
        if (!held.Life.Lives(now, out var renewal))
        {
            held.Lease.MarkLost();
            host.Telemetry.Leases.Ended(held.Lease.HoldsLock, isLost: true);
            return false;
        }
        if (renewal is not null)
            host.Replica.Post(renewal);
        return true;
    }

    private int WaitMs(long now)
    {
        var next = long.MaxValue;
        foreach (var held in _held)
        {
            if (held.Life.AwaitsAnswer)
                return PollMs;
            next = Math.Min(next, held.Life.Next);
        }
        return (int)Math.Clamp((next - now + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond, 1, 1000);
    }
}
