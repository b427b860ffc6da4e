using Microsoft.Extensions.Logging.Abstractions;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Diagnostics;

/// <summary>A stall is reported while it lasts, and once.</summary>
public class StallWatchTests
{
    private readonly ReplicaClock _clock = new(TimeProvider.System);
    private readonly List<RaftKvStall> _raised = [];
    private readonly StallLog _stalls;
    private readonly StallWatch _watch;
    private TimeSpan? _logBusyFor;
    private TimeSpan? _applierBusyFor;
    private TimeSpan? _silence;
    private TimeSpan? _withoutLeader;
    private string[] _silent = [];
    private long _applied;
    private long _now = TimeSpan.FromHours(1).Ticks;

    public StallWatchTests()
    {
        _stalls = new StallLog("node1", _clock, NullLogger.Instance);
        _stalls.Stalled += _raised.Add;
        _watch = new StallWatch(_stalls, _clock, TimeSpan.FromMilliseconds(250), new StallSources
        {
            LeaderSilence = () => _silence,
            LeaderId = () => "node2",
            WithoutLeader = () => _withoutLeader,
            SilentVoters = () => _silent,
            LogBusyFor = () => _logBusyFor,
            ApplierBusyFor = () => _applierBusyFor,
            AppliedIndex = () => _applied,
        });
    }

    [Fact]
    public void A_sync_that_hangs_is_told_of_while_it_hangs_and_once()
    {
        Check(TimeSpan.FromMilliseconds(50));
        Assert.Empty(_stalls.Recent);

        foreach (var seconds in (int[])[1, 5, 61])
        {
            Check(TimeSpan.FromSeconds(seconds));
            var stall = Assert.Single(_stalls.Recent);
            Assert.Equal((RaftKvStallCause.Fsync, true, TimeSpan.FromSeconds(seconds)), (stall.Cause, stall.IsOngoing, stall.Duration));
        }
        Assert.True(_stalls.HangsFor(TimeSpan.FromSeconds(60)));
        Assert.Single(_raised);

        Check(null);
        Assert.Equal((false, TimeSpan.FromSeconds(61)), (Assert.Single(_stalls.Recent).IsOngoing, _stalls.Recent[0].Duration));
        Assert.False(_stalls.HangsFor(TimeSpan.FromSeconds(1)));
        Assert.Single(_raised);
    }

    [Fact]
    public void The_log_thread_that_measures_the_sync_ends_the_stall_with_what_it_measured()
    {
        Check(TimeSpan.FromSeconds(3));
        _watch.Synced(TimeSpan.FromSeconds(3.5));
        Check(null);

        var stall = Assert.Single(_stalls.Recent);
        Assert.Equal((false, TimeSpan.FromSeconds(3.5)), (stall.IsOngoing, stall.Duration));
        Assert.Single(_raised);
    }

    [Fact]
    public void An_applier_that_is_busy_and_gets_on_does_not_stall_and_one_that_stands_still_does()
    {
        _applierBusyFor = TimeSpan.FromMinutes(5);
        for (_applied = 1; _applied < 10; _applied++)
            CheckLater(TimeSpan.FromSeconds(0.9));
        Assert.Empty(_stalls.Recent);

        CheckLater(TimeSpan.Zero);
        CheckLater(TimeSpan.FromSeconds(6));
        Assert.Equal((RaftKvStallCause.Apply, true, TimeSpan.FromSeconds(6)), (_stalls.Recent[0].Cause, _stalls.Recent[0].IsOngoing, _stalls.Recent[0].Duration));
        Assert.True(_stalls.HangsFor(TimeSpan.FromSeconds(5)));

        _applied++;
        CheckLater(TimeSpan.FromSeconds(1));
        Assert.False(Assert.Single(_stalls.Recent).IsOngoing);
    }

    [Fact]
    public void A_leader_that_is_not_heard_and_then_not_known_is_one_stall()
    {
        _silence = TimeSpan.FromMilliseconds(200);
        CheckLater(TimeSpan.Zero);
        Assert.Equal((RaftKvStallCause.Network, true), (_stalls.Recent[0].Cause, _stalls.Recent[0].IsOngoing));

        (_silence, _withoutLeader) = (null, TimeSpan.FromSeconds(30));
        CheckLater(TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(30.2), Assert.Single(_stalls.Recent).Duration);
        Assert.False(_stalls.HangsFor(TimeSpan.FromSeconds(5)));

        (_silence, _withoutLeader) = (TimeSpan.Zero, null);
        CheckLater(TimeSpan.Zero);
        Assert.False(Assert.Single(_stalls.Recent).IsOngoing);
    }

    [Fact]
    public void What_goes_on_is_not_pushed_out_by_what_is_over()
    {
        Check(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 100; i++)
            _stalls.Add(RaftKvStallCause.Gc, TimeSpan.FromSeconds(1), "a collection");

        Assert.Equal(16, _stalls.Recent.Count);
        Assert.Single(_stalls.Recent, s => s is { Cause: RaftKvStallCause.Fsync, IsOngoing: true });
    }

    private void Check(TimeSpan? logBusyFor)
    {
        _logBusyFor = logBusyFor;
        CheckLater(TimeSpan.Zero);
    }

    private void CheckLater(TimeSpan later) => _watch.Check(_now += later.Ticks);
}
