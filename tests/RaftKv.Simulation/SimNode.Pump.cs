using RaftKv.Embedded.Node;
using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Simulation;

// Takes the place of the threads of a real process: each part runs, alone, some time after it was given work. The order is random.
internal sealed partial class SimNode
{
    /// <summary>Once everything has healed no part takes longer than this for a turn.</summary>
    private const long HealedDelay = 10 * VirtualTime.Millisecond;

    /// <summary>
    /// The longest delay of a turn: a turn that began while the disk was slow ends in time within the part of the run that heals.
    /// </summary>
    private const long LongestDelay = 10 * VirtualTime.Second;

    /// <summary>How often a log that waits for room looks again.</summary>
    private const long RoomRetry = 50 * VirtualTime.Millisecond;

    private readonly List<Component> _components = [];
    private long _powerCutAt = long.MaxValue;
    private long _loopAt = long.MaxValue;

    /// <summary>No part of this process runs before this time.</summary>
    public long PausedUntil { get; private set; }

    /// <summary>How long the process was paused in all.</summary>
    public long PausedFor { get; private set; }

    /// <summary>No write of the log begins before this time.</summary>
    private long _logStalledUntil;

    /// <summary>When the slow write that has begun ends.</summary>
    private long _writingUntil;

    /// <summary>
    /// How long the next write of the log takes: its bytes are on the disk at once, and its end is reported after this time.
    /// </summary>
    private long _slowWrite;

    /// <summary>Tells the replica that a batch is durable.</summary>
    private Action<LogWritten> _report = _ => { };

    private Func<bool> LogWaitsForRoom { get; set; } = static () => false;

    /// <summary>How many times slower than usual the disk is.</summary>
    public long DiskSlowness { get; set; } = 1;

    public void Pause(long length)
    {
        _run.Transcript.Add(Id, $"is paused for {length / VirtualTime.Millisecond} ms");
        var until = Math.Max(PausedUntil, _run.Time.Now + length);
        PausedFor += until - Math.Max(PausedUntil, _run.Time.Now);
        PausedUntil = until;
    }

    /// <summary>The disk takes no more of the log for a while. Then it takes all that waits, and reports it late.</summary>
    public void StallLog(long length, long slowWrite = 0)
    {
        _run.Transcript.Add(Id, $"its log hangs for {length / VirtualTime.Millisecond} ms, and {slowWrite / VirtualTime.Millisecond} ms in the write after that");
        _logStalledUntil = Math.Max(_logStalledUntil, _run.Time.Now + length);
        _slowWrite = slowWrite;
    }

    /// <summary>Ends slowness and hangs. A write that has begun still ends at its time, and the next one begins after it.</summary>
    public void RepairDisk()
    {
        (DiskSlowness, _logStalledUntil, _slowWrite) = (1, _writingUntil, 0);
        Disk.FreeBytes = long.MaxValue;
    }

    /// <summary>Whether this many segments fit on the disk.</summary>
    public bool HasRoomFor(int segments) => Disk.AvailableBytes(Root) >= segments * (long)_run.Swarm.SegmentBytes;

    /// <summary>Another program takes all room but that of this many segments.</summary>
    public void FillDisk(int segments) =>
        Disk.Capacity -= Math.Max(0, Disk.AvailableBytes(Root) - segments * (long)_run.Swarm.SegmentBytes);

    public void EnlargeDisk() => Disk.Capacity = long.MaxValue;

    private void Report(LogWritten written)
    {
        if (_slowWrite == 0)
        {
            _report(written);
            return;
        }
        var life = Life;
        // The log's thread is in that write, so nothing else is written meanwhile.
        _logStalledUntil = _writingUntil = _run.Time.Now + _slowWrite;
        _run.Time.At(_writingUntil, () =>
        {
            if (!IsUp || Life != life)
                return;
            _report(written);
            Schedule();
        });
        _slowWrite = 0;
    }

    /// <summary>The power goes in the middle of an operation of the disk, the given number of operations from now.</summary>
    public void CutPowerIn(long operations)
    {
        _powerCutAt = Disk.Operations + operations;
        Disk.CutPowerAt(_powerCutAt);
    }

    /// <summary>A part of one process. Its delegates are created once.</summary>
    private sealed class Component(string name, Func<bool> hasWork, Action run, long delay, bool usesDisk)
    {
        public string Name => name;
        public Func<bool> HasWork => hasWork;
        public Action Run => run;
        public long Delay => delay;
        public bool UsesDisk => usesDisk;
        public bool IsLoop { get; } = name == "loop";
        public bool IsLog { get; } = name == "log";
        public bool IsScheduled { get; set; }

        /// <summary>Called when its turn has come.</summary>
        public Action Due { get; set; } = static () => { };

        /// <summary>Runs its turn, and handles its error.</summary>
        public Action Act { get; set; } = static () => { };

        /// <summary>An error ended its thread.</summary>
        public bool HasFailed { get; set; }
    }

    private void AddComponents(LogWriter logWriter, Worker reader, Worker snapshotter)
    {
        var swarm = _run.Swarm;
        LogWaitsForRoom = () => logWriter.WaitsForRoom;
        _components.Add(new Component("loop", () => Replica.HasWork, Replica.RunOnce, swarm.LoopDelay, usesDisk: false));
        _components.Add(new Component("log", () => logWriter.HasWork || logWriter.WaitsForRoom, logWriter.RunOnce, swarm.LogDelay, usesDisk: true));
        _components.Add(new Component("apply", () => Applier.HasWork, Applier.RunOnce, swarm.ApplyDelay, usesDisk: false));
        _components.Add(new Component("read", () => reader.HasWork, reader.RunOnce, swarm.WorkDelay, usesDisk: true));
        _components.Add(new Component("snap", () => snapshotter.HasWork, snapshotter.RunOnce, swarm.WorkDelay, usesDisk: true));
        foreach (var component in _components)
        {
            var life = Life;
            component.Due = () => OnDue(component, life);
            component.Act = () => Act(component);
        }
        _loopAt = long.MaxValue;
        _powerCutAt = long.MaxValue;
        (_logStalledUntil, _writingUntil, _slowWrite) = (0, 0, 0);
    }

    /// <summary>Schedules every part that has work.</summary>
    public void Schedule()
    {
        if (!IsUp)
            return;
        foreach (var component in _components)
        {
            if (component.IsScheduled || component.HasFailed || (_isStopped && component.IsLoop) || !component.HasWork())
                continue;
            component.IsScheduled = true;
            var delay = Math.Min(LongestDelay, Random.Around(_run.IsHealing ? Math.Min(component.Delay, HealedDelay) : component.Delay) * (
                component.UsesDisk ? DiskSlowness : 1));
            if (component.IsLog && LogWaitsForRoom())
                delay += RoomRetry;
            _run.Time.At((component.IsLog ? Math.Max(_run.Time.Now, _logStalledUntil) : _run.Time.Now) + delay, component.Due);
        }
        ScheduleDeadline();
    }

    private void ScheduleDeadline()
    {
        if (_isStopped)
            return;
        var due = Math.Max(Time.TrueTimeOf(Replica.Deadline), _run.Time.Now) + Random.Below(100) * VirtualTime.Microsecond;
        if (due >= _loopAt)
            return;
        _loopAt = due;
        var life = Life;
        _run.Time.At(due, () =>
        {
            if (life != Life || !IsUp || _loopAt != due)
                return;
            if (_isStopped)
            {
                _loopAt = long.MaxValue;
                return;
            }
            if (PausedUntil > _run.Time.Now)
            {
                _loopAt = long.MaxValue;
                _run.Time.At(PausedUntil, () => { if (life == Life && IsUp) Schedule(); });
                return;
            }
            _loopAt = long.MaxValue;
            Run(_components[0]);
        });
    }

    private void OnDue(Component component, int life)
    {
        if (life != Life || !IsUp)
            return;
        if (PausedUntil > _run.Time.Now || (_isStopped && component.IsLoop))
        {
            _run.Time.At(Math.Max(PausedUntil, _stoppedUntil) + Random.Below(VirtualTime.Millisecond), component.Due);
            return;
        }
        component.IsScheduled = false;
        Run(component);
    }

    /// <summary>Runs code of this process; an exception has the effect that it has in a real process.</summary>
    public void Run(string what, Action act)
    {
        var life = Life;
        try
        {
            act();
        }
        catch (PowerCutException)
        {
            _powerCutAt = 0;
        }
        catch (ProcessEndedException)
        {
            return;
        }
        if (life == Life && IsUp)
            After(what);
    }

    private void Run(Component component) => Run(component.Name, component.Act);

    private void Act(Component component)
    {
        if (component.IsLoop)
            ArmStop();
        try
        {
            component.Run();
        }
        catch (Exception e) when (e is not PowerCutException and not ProcessEndedException and not Invariants.BrokenInvariantException and not OutOfStepsException)
        {
            component.HasFailed = true;
            Replica.Post(new FaultHappened(e));
        }
    }

    private void After(string what)
    {
        if (Disk.Operations >= _powerCutAt)
        {
            _run.Transcript.Add(Id, $"loses power while {what} writes");
            Die(power: true);
            _run.Faults.RestartSoon(this);
            return;
        }
        if (Transport.HasCrashed)
        {
            _run.Transcript.Add(Id, $"dies in the middle of {what}");
            Die(power: false);
            _run.Faults.RestartSoon(this);
            return;
        }
        PollCalls();
        _run.AfterStep(this);
        Schedule();
    }

    public void PollCalls()
    {
        for (var i = 0; i < Calls.Count; i++)
        {
            if (!Calls[i].Poll())
                continue;
            Calls.RemoveAt(i--);
        }
    }

    /// <summary>The threads of a stopping process finish the work that was given to them before they end.</summary>
    private void RunToEnd()
    {
        foreach (var component in _components)
        {
            if (IsUp && component is { IsLog: true, HasFailed: false })
                Run(component);
        }
        if (IsUp)
            Run("loop", Replica.End);
    }
}
