using RaftKv.Embedded;
using RaftKv.Embedded.Replica;
using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Simulation;

/// <summary>Breaks things, as the swarm of the run allows, until it is told to stop and to repair.</summary>
internal sealed class FaultInjector(Simulation run)
{
    private readonly List<Action> _kinds = [];
    private bool _stopped;

    public long Injected { get; private set; }

    public void Start()
    {
        var swarm = run.Swarm;
        Offer(swarm.Crashes, Crash);
        Offer(swarm.Crashes, CrashInTheMiddle);
        Offer(swarm.Blackouts, Blackout);
        Offer(swarm.Stops, Stop1);
        Offer(swarm.Partitions, Partition);
        Offer(swarm.Resets, ResetConnections);
        Offer(swarm.Pauses, Pause);
        Offer(swarm.Transfers, run.Operators.Transfer);
        Offer(swarm.SnapshotsOnDemand, TakeSnapshot);
        Offer(swarm.WallJumps, Jump);
        Offer(swarm.DiskFaults, BreakDisk);
        Offer(swarm.DiskFaults, SlowDisk);
        if (_kinds.Count > 0)
            Later();
    }

    /// <summary>No more of it; what is broken is repaired.</summary>
    public void Stop()
    {
        _stopped = true;
        run.Network.Heal();
        run.Network.IsQuiet = true;
        foreach (var node in run.Nodes)
        {
            node.DiskSlowness = 1;
            if (node.IsUp)
                node.CutPowerIn(long.MaxValue / 2);
            if (!node.IsListening)
                RestartSoon(node);
        }
    }

    /// <summary>Somebody, or something, brings it back after a while.</summary>
    public void RestartSoon(SimNode node)
    {
        var life = node.Life;
        run.Time.After(run.Chance.Around(run.Chance.OneIn(4) ? 5 * VirtualTime.Second : 500 * VirtualTime.Millisecond), () =>
        {
            if (node.IsListening || node.Life != life)
                return;
            if (node.IsUp)
                node.Die(power: run.Chance.OneIn(2));
            if (!_stopped && run.Swarm.Crashes && run.Chance.OneIn(8))
                node.CutPowerIn(run.Chance.Between(1, 20));
            if (!node.TryStart())
                RestartSoon(node);
        });
    }

    private void Offer(bool enabled, Action kind)
    {
        if (enabled)
            _kinds.Add(kind);
    }

    private void Later() => run.Time.After(run.Chance.Around(run.Swarm.FaultInterval), () =>
    {
        if (_stopped)
            return;
        Injected++;
        run.Chance.Pick(_kinds)();
        Later();
    });

    private SimNode Any() => run.Chance.Pick(run.Nodes);

    private void Crash()
    {
        var node = Any();
        if (!node.IsUp)
            return;
        node.Die(power: run.Chance.OneIn(2));
        RestartSoon(node);
    }

    private void CrashInTheMiddle()
    {
        var node = Any();
        if (node.IsUp)
            node.CutPowerIn(run.Chance.Between(1, 30));
    }

    private void Blackout()
    {
        foreach (var node in run.Nodes)
        {
            if (!node.IsUp)
                continue;
            node.Die(power: true);
            RestartSoon(node);
        }
    }

    private void Stop1()
    {
        var node = Any();
        if (!node.IsListening)
            return;
        run.Transcript.Add(node.Id, "is asked to stop");
        var (life, done) = (node.Life, new TaskCompletionSource());
        node.Replica.Post(new StopWanted(done));
        node.Schedule();
        Watch(run.Time.Now + 8 * VirtualTime.Second);

        void Watch(long limit) => run.Time.After(5 * VirtualTime.Millisecond, () =>
        {
            if (!node.IsUp || node.Life != life)
                return;
            if (!done.Task.IsCompleted && run.Time.Now < limit)
            {
                Watch(limit);
                return;
            }
            node.Finish();
            RestartSoon(node);
        });
    }

    private void Partition()
    {
        run.Network.Heal();
        var side = run.Nodes.Where(_ => run.Chance.OneIn(2)).ToList();
        var oneWay = run.Chance.OneIn(3);
        run.Transcript.Add("", $"{(oneWay ? "one-way " : "")}partition: {string.Join(' ', side.Select(n => n.Id))} against the rest");
        foreach (var here in side)
        {
            foreach (var there in run.Nodes.Except(side))
            {
                // Sometimes a bridge or a chain remains.
                if (run.Chance.OneIn(8))
                    continue;
                run.Network.Block(here.Id, there.Id);
                if (!oneWay)
                    run.Network.Block(there.Id, here.Id);
            }
        }
        run.Time.After(run.Chance.Around(2 * VirtualTime.Second), run.Network.Heal);
    }

    private void ResetConnections()
    {
        var node = Any();
        if (!node.IsListening)
            return;
        run.Transcript.Add(node.Id, "loses connections");
        foreach (var link in node.Transport.Links.ToList())
        {
            if (run.Chance.OneIn(2))
                run.Network.Reset(link, run.Chance.OneIn(2));
        }
    }

    private void Pause()
    {
        var node = Any();
        if (!node.IsUp || node.PausedUntil > run.Time.Now)
            return;
        var length = run.Chance.Around(500 * VirtualTime.Millisecond);
        run.Transcript.Add(node.Id, $"is paused for {length / VirtualTime.Millisecond} ms");
        node.PausedUntil = run.Time.Now + length;
        node.PausedFor += length;
    }

    private void TakeSnapshot()
    {
        var node = Any();
        if (!node.IsUp)
            return;
        node.Replica.Post(new SnapshotWanted(new TaskCompletionSource<KvVersion>()));
        node.Schedule();
    }

    private void Jump()
    {
        var node = Any();
        node.Time.Jump = TimeSpan.FromMinutes(run.Chance.Between(-120, 120));
        run.Transcript.Add(node.Id, $"its wall clock is set {node.Time.Jump.TotalMinutes} min wrong");
    }

    private void BreakDisk()
    {
        var node = Any();
        if (!node.IsListening)
            return;
        var operation = run.Chance.Pick([DeviceOperation.Write, DeviceOperation.Sync, DeviceOperation.Sync, DeviceOperation.Create, DeviceOperation.SyncDirectory]);
        run.Transcript.Add(node.Id, $"its disk will fail at a {operation}");
        node.MayFault = true;
        node.Disk.FailAt(operation, (int)run.Chance.Between(1, 10), run.Chance.OneIn(2) ? RaftKvStorageError.Io : RaftKvStorageError.DiskFull);
    }

    private void SlowDisk()
    {
        var node = Any();
        node.DiskSlowness = run.Chance.Pick([1L, 10L, 50L]);
        run.Transcript.Add(node.Id, $"its disk is {node.DiskSlowness} times slower");
    }
}
