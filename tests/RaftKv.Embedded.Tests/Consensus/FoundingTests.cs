using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// The first election of a cluster. Only the bootstrapping node can be a candidate, so it does not wait for election timeouts.
/// </summary>
public class FoundingTests
{
    private static readonly RaftSettings Settings = new() { NodeId = "n1", Incarnation = ModelClusters.Incarnation("n1"), Seed = 1 };

    private readonly List<RaftEffect> _effects = [];
    private long _ticks = 1;

    private Moment Now => new(_ticks, 0);

    [Fact]
    public void The_founder_asks_for_votes_with_every_heartbeat_until_somebody_can_answer()
    {
        var founder = Found();
        for (var heartbeats = 1; heartbeats <= 5; heartbeats++)
        {
            _effects.Clear();
            PassHeartbeat(founder);
            Assert.Equal(["n2", "n3"], _effects.OfType<Send>().Where(s => s.Message is RequestVote { PreVote: true, Term: 2 }).Select(s => s.To));
        }

        founder.Step(new MessageReceived(Now, "n2", new VoteReply(2, PreVote: true, Granted: true)), _effects);
        founder.Step(new MessageReceived(Now, "n2", new VoteReply(2, PreVote: false, Granted: true)), _effects);
        Assert.Equal((RaftRole.Leader, 2), (founder.Role, founder.Term));
    }

    [Fact]
    public void From_the_first_term_in_which_somebody_may_lead_it_waits_as_all_others_do()
    {
        var founder = Found();
        PassHeartbeat(founder);
        founder.Step(new MessageReceived(Now, "n2", new VoteReply(2, PreVote: true, Granted: true)), _effects);

        Assert.Equal((RaftRole.Candidate, 2), (founder.Role, founder.Term));
        Assert.True(founder.Deadline - _ticks >= Settings.ElectionTimeout);
    }

    private RaftCore Found()
    {
        var entry = new LogEntry(1, 1, 0, EntryKind.Configuration, ModelClusters.Voters("n1", "n2", "n3").Encode());
        var founder = new RaftCore(Settings,
            new RaftStart { Term = 1, VotedFor = "n1", TermStarts = [entry.Id], LastIndex = 1, Configurations = [entry], Tail = [entry] });
        founder.Initialize(Now, _effects);
        return founder;
    }

    private void PassHeartbeat(RaftCore node)
    {
        _ticks += Settings.HeartbeatInterval;
        node.Step(new TimePassed(Now), _effects);
    }
}
