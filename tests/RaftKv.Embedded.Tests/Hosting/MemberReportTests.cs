using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>What a follower knows of another follower from the reports of the leader.</summary>
public sealed class MemberReportTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_follower_tells_how_far_every_member_is_and_how_old_that_is()
    {
        await using var cluster = await StartAsync();
        var (leader, follower, other) = Roles(cluster.All);

        var written = await leader.Kv.SetAsync("k", default, cancellationToken: Cancel);
        var told = await UntilAsync(follower, other, m => m.MatchIndex >= written.Version.Value);

        Assert.NotNull(told.Lag);
        Assert.NotNull(told.LeaderContact);
        Assert.True(told.LeaderContact >= told.ReportAge);
        Assert.True(told.IsReachable);
        Assert.Equal(TimeSpan.Zero, Member(leader, other).ReportAge);
    }

    [Fact]
    public async Task The_leaders_word_that_a_member_is_silent_outweighs_the_own_contact_before()
    {
        await using var cluster = await StartAsync();
        var (leader, follower, other) = Roles(cluster.All);
        await UntilAsync(follower, other, m => m.LastContact is not null);
        var hello = new PeerHello { NodeId = NameOf(leader) };

        // Repeated until it is seen, because the leader's own reports say something else once a second.
        var told = await UntilAsync(follower, other, m => !m.IsReachable, () =>
        {
            var status = follower.Cluster.Status;
            // Longer than four election timeouts, and short enough that this node's own contact is not much later than the leader's.
            var silent = new ReportedMember(NameOf(other), 1, 4_500, HasLostEntries: true);
            follower.Inside.Replica.Post(new PeerInput(hello, new MemberReport(status.Term, 101, [silent]), 0));
            // A report of an earlier leader is ignored.
            follower.Inside.Replica.Post(new PeerInput(hello, new MemberReport(status.Term - 1, 201, [silent]), 0));
        });

        Assert.Equal((1, 100, true), (told.MatchIndex, told.Lag, told.HasLostEntries));
        Assert.True(told.LeaderContact >= TimeSpan.FromSeconds(4));
        await UntilAsync(follower, other, m => m.IsReachable);
    }

    private static string NameOf(TestNode node) => node.Cluster.Status.NodeId;

    private static RaftKvMemberStatus Member(TestNode seenBy, TestNode member) =>
        seenBy.Cluster.Status.Members.Single(m => m.NodeId == NameOf(member));

    private static (TestNode Leader, TestNode Follower, TestNode Other) Roles(TestNode[] nodes)
    {
        var leader = nodes.Single(n => n.Cluster.Status.Role == RaftKvRole.Leader);
        var others = nodes.Where(n => n != leader).ToArray();
        return (leader, others[0], others[1]);
    }

    private static async Task<RaftKvMemberStatus> UntilAsync(TestNode seenBy, TestNode member, Func<RaftKvMemberStatus, bool> holds, Action? before = null)
    {
        while (true)
        {
            before?.Invoke();
            await Task.Delay(1, Cancel);
            if (Member(seenBy, member) is var seen && holds(seen))
                return seen;
        }
    }

    // Longer than the default, so that pauses of a busy machine cause no elections.
    private Task<TestNodes> StartAsync() => TestNodes.StartAsync(number => TestNode.StartAsync(o =>
    {
        o.BeOneOf(number, _ports, _folder);
        o.ElectionTimeout = TimeSpan.FromSeconds(1);
    }), Cancel);
}
