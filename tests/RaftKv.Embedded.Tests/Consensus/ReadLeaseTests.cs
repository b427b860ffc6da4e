using RaftKv.Embedded.Consensus;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>How long the read lease of a leader lasts, and which heartbeat rounds extend it.</summary>
public sealed class ReadLeaseTests
{
    private readonly ReadLease _lease = new(new RaftSettings
    {
        NodeId = "n",
        Seed = 1,
        ElectionTimeout = TimeSpan.FromMilliseconds(100).Ticks,
        MaxClockDrift = 0.1,
    });

    [Fact]
    public void It_counts_from_when_the_round_was_sent_less_the_drift()
    {
        _lease.OnRoundBegun(3, isWanted: true);
        _lease.OnRoundAnswered(3, sentAt: 1_000);
        Assert.Equal(1_000 + TimeSpan.FromMilliseconds(90).Ticks, _lease.Until);
    }

    [Fact]
    public void A_round_that_asked_for_no_promise_gives_none()
    {
        _lease.OnRoundBegun(1, isWanted: false);
        _lease.OnRoundBegun(2, isWanted: true);
        _lease.OnRoundAnswered(1, sentAt: 1_000);
        Assert.Equal((false, true, 0), (_lease.IsAskedIn(1), _lease.IsAskedIn(2), _lease.Until));
    }

    [Fact]
    public void After_a_change_of_voters_only_later_rounds_count()
    {
        _lease.OnRoundBegun(1, isWanted: true);
        _lease.OnRoundAnswered(1, sentAt: 1_000);
        _lease.Restart(newestRound: 1);
        _lease.OnRoundAnswered(1, sentAt: 2_000);
        Assert.Equal(0, _lease.Until);
        _lease.OnRoundBegun(2, isWanted: true);
        _lease.OnRoundAnswered(2, sentAt: 3_000);
        Assert.True(_lease.Until > 3_000);
    }

    [Fact]
    public void It_is_forfeited_for_good()
    {
        _lease.OnRoundBegun(1, isWanted: true);
        _lease.OnRoundAnswered(1, sentAt: 1_000);
        _lease.Forfeit();
        _lease.OnRoundBegun(2, isWanted: true);
        _lease.OnRoundAnswered(2, sentAt: 2_000);
        Assert.Equal((true, 0), (_lease.IsForfeited, _lease.Until));
    }
}
