using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>The outcome that a membership call reports to an operator is true.</summary>
public sealed class AdministrativeCallTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_removal_without_a_quorum_ends_in_time_and_does_not_happen_when_it_is_said_not_to()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        await using var one = await StartAsync(1);
        await one.Kv.SetAsync("before", "1"u8.ToArray(), cancellationToken: limit.Token);
        await using (var two = await StartAsync(2))
        await using (var three = await StartAsync(3))
        {
            foreach (var node in (TestNode[])[two, three])
                await one.Cluster.AddMemberAsync(node.Cluster.Status.NodeId, node.Cluster.Status.Address, limit.Token);
        }

        var refusal = await Assert.ThrowsAnyAsync<RaftKvException>(() => one.Cluster.RemoveMemberAsync("node2", limit.Token));
        await using var twoAgain = await StartAsync(2);
        await using var threeAgain = await StartAsync(3);
        await one.Cluster.WaitUntilReadyAsync(limit.Token);
        await one.Kv.SetAsync("after", "2"u8.ToArray(), cancellationToken: limit.Token);

        // The followers are gone before the call, so the leader cannot prove a quorum and has appended nothing.
        Assert.Equal(KvOutcome.NotApplied, refusal.Outcome);
        Assert.Equal(["node1", "node2", "node3"], one.Cluster.Status.Members.Select(m => m.NodeId));
    }

    [Fact]
    public void A_new_member_that_did_not_catch_up_may_still_be_promoted()
    {
        Assert.Equal(KvOutcome.Unknown, new RaftKvMembershipException(RaftKvMembershipError.NotCaughtUp, "").Outcome);
        Assert.Equal(KvOutcome.Unknown, new RaftKvMembershipException(RaftKvMembershipError.TransferTimedOut, "").Outcome);
        Assert.Equal(KvOutcome.NotApplied, new RaftKvMembershipException(RaftKvMembershipError.WouldLoseQuorum, "").Outcome);
    }

    private Task<TestNode> StartAsync(int number) => TestNode.StartAsync(o =>
    {
        o.NodeId = $"node{number}";
        o.DataDirectory = _folder.Sub(o.NodeId);
        o.ListenAddress = $"127.0.0.1:{_ports[number - 1]}";
        o.ElectionTimeout = TimeSpan.FromSeconds(1);
        o.RequestTimeout = TimeSpan.FromSeconds(5);
    });
}
