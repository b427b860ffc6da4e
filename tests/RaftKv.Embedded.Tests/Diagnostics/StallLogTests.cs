using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Diagnostics;

/// <summary>Log lines about stalls: short ones at most once a minute, long ones as warnings while they last.</summary>
public sealed class StallLogTests
{
    private readonly ManualTime _time = new();
    private readonly RecordingLogger _log = new();
    private readonly StallLog _stalls;

    public StallLogTests() => _stalls = new StallLog("node1", new ReplicaClock(_time), _log);

    [Fact]
    public void The_first_short_stall_is_told_at_once_and_those_of_the_next_minute_together()
    {
        Stall(RaftKvStallCause.Fsync, 230, "a sync of the log");
        Assert.Equal(
            "node1 was held up for less than a second (logged at most once a minute): Fsync for 230 ms (a sync of the log).",
            Assert.Single(_log.Lines).Text);

        for (var i = 1; i <= 3; i++)
            Stall(RaftKvStallCause.Fsync, 200 + i, $"sync {i}");
        Stall(RaftKvStallCause.Gc, 150, "a collection");
        _time.Advance(TimeSpan.FromSeconds(59));
        _stalls.Summarize();
        Assert.Single(_log.Lines);
        _time.Advance(TimeSpan.FromSeconds(1));
        _stalls.Summarize();
        _time.Advance(TimeSpan.FromHours(1));
        _stalls.Summarize();

        Assert.Equal(2, _log.Lines.Count);
        Assert.EndsWith("Fsync 3 times, at most 203 ms (sync 3); Gc for 150 ms (a collection).", _log.Lines.Last().Text, StringComparison.Ordinal);
        Assert.All(_log.Lines, l => Assert.Equal(LogLevel.Information, l.Level));
    }

    [Fact]
    public void A_lasting_stall_is_a_warning_from_its_first_second_on_every_ten_seconds_and_at_its_end()
    {
        for (var seconds = 0.2; seconds <= 25; seconds += 0.1)
        {
            _stalls.GoesOn(RaftKvStallCause.Fsync, TimeSpan.FromSeconds(seconds), "a write or sync of the log");
            _time.Advance(TimeSpan.FromSeconds(0.1));
        }
        _stalls.IsOver(RaftKvStallCause.Fsync);

        Assert.Equal([161, 161, 161, 162], _log.Lines.Select(l => l.Id));
        Assert.All(_log.Lines, l => Assert.Equal(LogLevel.Warning, l.Level));
        Assert.StartsWith("node1 is held up by Fsync, for 1 s so far", _log.Lines.First().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_stall_that_was_seen_while_it_went_on_is_told_with_the_short_ones()
    {
        _stalls.GoesOn(RaftKvStallCause.Fsync, TimeSpan.FromMilliseconds(200), "a write or sync of the log");
        _stalls.IsOver(RaftKvStallCause.Fsync);

        Assert.Equal(160, Assert.Single(_log.Lines).Id);
    }

    [Fact]
    public void A_pause_that_is_known_at_its_end_only_is_a_warning_when_it_was_long()
    {
        _stalls.Add(RaftKvStallCause.Process, TimeSpan.FromSeconds(30), "no thread of this process ran");

        Assert.Equal((162, LogLevel.Warning), (Assert.Single(_log.Lines).Id, _log.Lines.First().Level));
    }

    private void Stall(RaftKvStallCause cause, int milliseconds, string detail) => _stalls.Add(cause, TimeSpan.FromMilliseconds(milliseconds), detail);
}
