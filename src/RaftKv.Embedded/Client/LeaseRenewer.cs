using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Renews the leases of this process, on one thread of its own and not on the pool: an application that blocks all pool threads keeps its
/// leases. The thread exists while there are leases.
/// </summary>
/// <param name="held">
/// For a replica without threads: called after each added lease. No thread is started then, and the caller has to call <see cref="Renew"/>.
/// </param>
internal sealed class LeaseRenewer(ReplicaAccess access, RaftKvOptions options, Action? held = null)
{
    /// <summary>The interval, in milliseconds, at which the thread looks for the answer of a renewal under way.</summary>
    private const int PollMs = 5;

    private readonly object _gate = new();
    private readonly List<(HeldLease Lease, LeaseDeadline Life)> _held = [];
    private bool _runs;

    /// <param name="lease">A lease that was just granted.</param>
    /// <param name="sentAt">When the request for the lease was sent, in monotonic ticks.</param>
    public void Hold(HeldLease lease, long sentAt)
    {
        lock (_gate)
        {
            access.Host.Telemetry.Leases.Granted();
            _held.Add(
                (lease, new LeaseDeadline(lease.Id, lease.TimeToLive.Ticks, options.MaxClockDrift, options.RequestTimeout.Ticks, sentAt)));
            Monitor.Pulse(_gate);
            if (!_runs && held is null)
            {
                _ = new DedicatedThread($"raftkv-{options.NodeId}-lease", Run, ThreadPriority.AboveNormal);
                _runs = true;
            }
        }
        held?.Invoke();
    }

    /// <summary>Posts the renewals that are due, and marks the leases that may have ended as lost.</summary>
    /// <returns>
    /// When to call it again if no renewal is answered before, in monotonic ticks; <see cref="Moment.Never"/> without a lease.
    /// </returns>
    public long Renew()
    {
        lock (_gate)
        {
            var host = access.Host;
            var now = host.Clock.Ticks;
            _held.RemoveAll(h => !KeepAlive(h, host, now));
            return _held.Count == 0 ? Moment.Never : _held.Min(h => h.Life.Next);
        }
    }

    /// <summary>Marks a lease as lost at once, because the cluster has ended it.</summary>
    public void Lose(long leaseId)
    {
        lock (_gate)
        {
            if (_held.Find(h => h.Lease.Id == leaseId).Lease is not { } lost)
                return;
            _held.RemoveAll(h => h.Lease == lost);
            End(lost, access.Host);
        }
    }

    /// <summary>The leases that are revoked when the host stops.</summary>
    public HeldLease[] ThatEndWithHost()
    {
        lock (_gate)
            return [.. _held.Select(h => h.Lease).Where(l => l.EndsWithHost)];
    }

    /// <summary>Notes that this process holds a lock that is bound to this lease.</summary>
    public void MarkLocked(KvLease lease)
    {
        lock (_gate)
        {
            // The lease may be lost by now.
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

    /// <summary>Whether the lease still lives; posts a renewal that is due.</summary>
    private static bool KeepAlive((HeldLease Lease, LeaseDeadline Life) held, LocalReplica host, long now)
    {
        if (!held.Life.Lives(now, out var renewal))
        {
            End(held.Lease, host);
            return false;
        }
        if (renewal is not null)
            host.PostRequest(renewal);
        return true;
    }

    private static void End(HeldLease lease, LocalReplica host)
    {
        lease.MarkLost();
        host.Telemetry.Leases.Ended(lease.HoldsLock, isLost: true);
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
