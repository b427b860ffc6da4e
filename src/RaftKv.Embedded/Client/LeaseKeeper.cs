using RaftKv.Embedded.Replica;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Keeps the leases of this process alive, on one thread of its own and without the pool: an application that blocks every pool thread keeps its leases. The thread exists while there are any.
/// </summary>
internal sealed class LeaseKeeper(ReplicaAccess access, RaftKvOptions options)
{
    /// <summary>How often it looks for an answer that is not there yet.</summary>
    private const int PollMs = 5;

    private readonly object _gate = new();
    private readonly List<HeldLease> _held = [];
    private bool _runs;

    /// <summary>For how long after a sign of life was sent a lease certainly lives.</summary>
    public static TimeSpan SafeTime(TimeSpan timeToLive, RaftKvOptions options) => timeToLive * (1 - options.MaxClockDrift - (1.0 / Consensus.LogClock.Slew));

    /// <param name="lease">Just granted.</param>
    /// <param name="sentAt">When the request for it was sent, in monotonic ticks.</param>
    public void Hold(KvLease lease, long sentAt)
    {
        lock (_gate)
        {
            _held.Add(new HeldLease(lease, lease.TimeToLive.Ticks, SafeTime(lease.TimeToLive, options).Ticks, sentAt));
            Monitor.Pulse(_gate);
            if (_runs)
                return;
            _runs = true;
            _ = new DedicatedThread($"raftkv-{options.NodeId}-lease", Run, ThreadPriority.AboveNormal);
        }
    }

    public void Forget(KvLease lease)
    {
        lock (_gate)
            _held.RemoveAll(h => h.Lease == lease);
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
    private static bool KeepAlive(HeldLease held, ReplicaHost host, long now)
    {
        var alive = held.Renewal is null || held.TakeAnswer(now);
        if (!alive || now >= held.Deadline)
        {
            held.Lease.MarkLost();
            return false;
        }
        if (held.Renewal is null && now >= held.NextRenewal)
        {
            var command = new byte[KvCommand.LeaseBytes];
            KvCommand.WriteLease(command, KvOperation.RenewLease, held.Lease.Id);
            var renewal = new WriteOperation(command, held.Deadline, static _ => { });
            held.Sent(renewal, renewal.Start(CancellationToken.None), now);
            host.Replica.Post(renewal);
        }
        return true;
    }

    private int WaitMs(long now)
    {
        var next = long.MaxValue;
        foreach (var held in _held)
        {
            if (held.Renewal is not null)
                return PollMs;
            next = Math.Min(next, Math.Min(held.NextRenewal, held.Deadline));
        }
        return (int)Math.Clamp((next - now + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond, 1, 1000);
    }
}
