using RaftKv.Embedded.Client;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Client;

/// <summary>
/// How long the holder of a lease may rely on it. The time to live is 30,000 ticks; with these clock errors 85 % of it are safe.
/// </summary>
public sealed class LeaseDeadlineTests
{
    private readonly LeaseDeadline _life = new(7, 30_000, maxClockDrift: 0.1, timeout: 4_000, sentAt: 100_000);

    private WriteOperation RenewAt(long now)
    {
        Assert.True(_life.Lives(now, out var renewal));
        return Assert.IsType<WriteOperation>(renewal);
    }

    [Fact]
    public void It_counts_from_when_the_request_was_sent_and_ends_by_itself()
    {
        Assert.Equal(125_500, _life.Deadline);
        Assert.True(_life.Lives(109_999, out var renewal));
        Assert.Null(renewal);
        Assert.Equal(110_000, _life.Next);
        RenewAt(110_000);
        Assert.True(_life.Lives(125_499, out _));
        Assert.False(_life.Lives(125_500, out _));
    }

    [Fact]
    public void An_answered_renewal_counts_from_when_it_was_sent_however_late_the_answer()
    {
        var renewal = RenewAt(112_000);
        Assert.Equal(116_000, renewal.Deadline);
        Assert.True(_life.AwaitsAnswer);

        renewal.Answer(new ApplyResult(ApplyStatus.Applied, Version: 9));
        Assert.True(_life.Lives(125_400, out var next));

        Assert.Equal(112_000 + 25_500, _life.Deadline);
        Assert.NotNull(next);
    }

    [Fact]
    public void A_renewal_that_fails_is_tried_again_and_a_lease_that_is_gone_is_gone()
    {
        RenewAt(110_000).TryFail(Errors.NoLeader(TimeSpan.FromSeconds(1)));
        Assert.True(_life.Lives(114_000, out var none));
        Assert.Null(none);
        Assert.Equal(115_500, _life.Next);
        RenewAt(115_500).Answer(new ApplyResult(ApplyStatus.LeaseNotFound, Version: 7));
        Assert.False(_life.Lives(115_501, out _));
    }

    [Fact]
    public void No_renewal_waits_beyond_the_deadline()
    {
        Assert.Equal(125_500, RenewAt(124_000).Deadline);
    }
}
