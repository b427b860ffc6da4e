using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>Members report their wall clocks to each other. Log time is a timeline of its own.</summary>
public sealed class ClusterClocksTests
{
    private readonly InMemoryNode _node = new(RaftKvBootstrap.Never);
    private readonly ScriptedLeader _leader;

    public ClusterClocksTests() => _leader = new ScriptedLeader(_node);

    [Fact]
    public void The_wall_clock_is_told_when_a_connection_is_made_and_every_five_seconds_and_only_to_those_that_know_the_message()
    {
        _leader.Welcome("b");
        Assert.Equal(WallMs(), Assert.Single(_node.Transport.Take<WallClock>()).UnixMs);

        _leader.RunFor(TimeSpan.FromSeconds(10));

        Assert.All(_node.Transport.Sent.Where(s => s.Message is WallClock), s => Assert.Equal("b", s.To));
        Assert.InRange(_node.Transport.Take<WallClock>().Count, 2, 3);
    }

    [Fact]
    public void A_member_whose_clock_is_wrong_at_two_readings_is_named_until_it_is_right()
    {
        Tell(b: 0, c: 10_000);
        Assert.Null(DifferenceOf("c"));

        Tell(b: 0, c: 10_000);
        Assert.Equal(TimeSpan.FromSeconds(10), DifferenceOf("c"));
        Assert.Null(DifferenceOf("b"));

        Tell(b: 0, c: 0);
        Tell(b: 0, c: 0);
        Assert.Null(DifferenceOf("c"));
    }

    [Fact]
    public void Messages_that_waited_while_this_process_stood_still_say_nothing()
    {
        Tell(b: 0, c: 0);
        for (var i = 0; i < 2; i++)
        {
            var then = WallMs();
            _node.Time.Advance(TimeSpan.FromSeconds(5));
            _leader.Send("c", new WallClock(then));
        }

        Assert.Null(DifferenceOf("c"));
    }

    [Fact]
    public void A_clock_of_a_node_that_is_no_member_is_ignored()
    {
        for (var i = 0; i < 2; i++)
            _leader.Send("z", new WallClock(WallMs() + 100_000));
        Assert.DoesNotContain(_node.Replica.Status.Members, m => m.ClockDifference is not null);
    }

    [Fact]
    public void Times_of_the_log_are_shown_by_the_wall_clock_of_this_node()
    {
        _leader.RunFor(TimeSpan.FromMilliseconds(100));
        var ahead = _node.Replica.Status.LogTimeAhead!.Value;
        Assert.True(ahead < TimeSpan.FromDays(-365), "the leader of this test stamps its entries in 1970");

        var logTime = WallMs() + (long)ahead.TotalMilliseconds;
        Assert.InRange(_node.Replica.ToWallTime(logTime + 60_000) - WallMs(), 59_900, 60_100);
        Assert.Equal(0, _node.Replica.ToWallTime(0));
    }

    private void Tell(long b, long c)
    {
        _leader.Send("b", new WallClock(WallMs() + b));
        _leader.Send("c", new WallClock(WallMs() + c));
        _leader.RunFor(TimeSpan.FromSeconds(2));
    }

    private long WallMs() => _node.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private TimeSpan? DifferenceOf(string nodeId) => _node.Replica.Status.Members.Single(m => m.NodeId == nodeId).ClockDifference;
}
