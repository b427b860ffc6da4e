using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Diagnostics;

/// <summary>
/// Log lines about a silent leader and about a missing leader. With a long election timeout, a silent leader stays known for a long time.
/// </summary>
public sealed class SilentLeaderLogTests
{
    private const int NoLeader = 145, LeaderKnownAgain = 146, StallLasts = 161, StallEnded = 162;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly ManualTime _time = new();
    private readonly RecordingLogger _log = new();
    private readonly StallWatch _watch;
    private TimeSpan? _silence;
    private TimeSpan? _withoutLeader;
    private string[] _silent = [];

    public SilentLeaderLogTests()
    {
        var clock = new ReplicaClock(_time);
        _watch = new StallWatch(new StallLog("node1", clock, _log), clock, TimeSpan.FromSeconds(3), new StallSources
        {
            LeaderSilence = () => _silence,
            LeaderId = () => "node2",
            WithoutLeader = () => _withoutLeader,
            SilentVoters = () => _silent,
            LogBusyFor = () => null,
            ApplierBusyFor = () => null,
            AppliedIndex = () => 1,
        });
    }

    [Fact]
    public void A_leader_that_is_known_and_silent_is_not_told_as_none()
    {
        Silent(seconds: 2.5);
        Heard();

        Assert.Equal([StallLasts, StallEnded], _log.Lines.Select(l => l.Id));
        Assert.Equal("node1 is held up by Network, for 1 s so far: nothing was heard of the leader, node2.", _log.Lines.First().Text);
        Assert.All(_log.Lines, l => Assert.Equal(LogLevel.Warning, l.Level));
    }

    [Fact]
    public void A_silent_leader_that_is_given_up_is_told_as_none_at_once_and_a_new_one_ends_that()
    {
        Silent(seconds: 3.1);
        WithoutLeader(seconds: 1);
        Heard();

        Assert.Equal([StallLasts, NoLeader, LeaderKnownAgain], _log.Lines.Select(l => l.Id));
        Assert.StartsWith("node1 has no leader, and has heard of none for 3 s: no election was won yet.", _log.Lines.ElementAt(1).Text, StringComparison.Ordinal);
        Assert.Equal("node1 has a leader again, after 4 s.", _log.Lines.Last().Text);
    }

    [Fact]
    public void A_lost_quorum_is_told_every_ten_seconds_with_the_silent_voters()
    {
        Silent(seconds: 3.1);
        _silent = ["node2", "node3"];
        WithoutLeader(seconds: 25);

        Assert.Equal([StallLasts, NoLeader, NoLeader, NoLeader], _log.Lines.Select(l => l.Id));
        Assert.Contains("node2 and node3 do not answer", _log.Lines.Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_without_a_leader_is_told_once_it_lasts_longer_than_elections_take()
    {
        WithoutLeader(seconds: 11.9);
        Assert.Empty(_log.Lines);

        WithoutLeaderFor(TimeSpan.FromSeconds(12));
        Heard();
        Assert.Equal([NoLeader, LeaderKnownAgain], _log.Lines.Select(l => l.Id));
    }

    private void Silent(double seconds)
    {
        for (var silence = TimeSpan.Zero; silence < TimeSpan.FromSeconds(seconds); silence += Tick)
        {
            _silence = silence;
            Check();
        }
    }

    private void WithoutLeader(double seconds)
    {
        for (var without = TimeSpan.Zero; without < TimeSpan.FromSeconds(seconds); without += Tick)
            WithoutLeaderFor(without);
    }

    private void WithoutLeaderFor(TimeSpan time)
    {
        (_silence, _withoutLeader) = (null, time);
        Check();
    }

    private void Heard()
    {
        (_silence, _withoutLeader) = (TimeSpan.Zero, null);
        Check();
    }

    private void Check()
    {
        _time.Advance(Tick);
        _watch.Check(_time.GetTimestamp());
    }
}
