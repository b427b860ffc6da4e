using RaftKv.Embedded.Log;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>A cluster whose members are upgraded one after the other uses a new feature only once all are upgraded.</summary>
public sealed class MixedVersionsTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(4);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_an_old_member_does_not_know_is_refused_until_it_is_upgraded_and_then_no_old_one_comes_in()
    {
        await using var one = await StartAsync(1);
        await using var two = await StartAsync(2);
        var old = await StartAsync(3, FeatureLevels.First);
        TestNode[] nodes = [one, two, old];
        foreach (var node in nodes)
            await node.Cluster.WaitUntilReadyAsync(Cancel);
        await old.Kv.SetAsync("known", "1"u8.ToArray(), cancellationToken: Cancel);

        foreach (var node in nodes)
        {
            var refusal = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await node.Kv.CommitAsync(Transaction(), Cancel));
            Assert.Equal(RaftKvUnavailableReason.FeatureNotActive, refusal.Reason);
        }
        Assert.False((await one.Kv.GetAsync("new", cancellationToken: Cancel)).Found);

        await old.StopAsync();
        await using var upgraded = await StartAsync(3);
        await upgraded.Cluster.WaitUntilReadyAsync(Cancel);
        await UntilActiveAsync(upgraded);
        Assert.True((await one.Kv.GetAsync("new", cancellationToken: Cancel)).Found);

        await using var late = await TestNode.StartAsync(o =>
        {
            o.Be(4, _ports, _folder);
            o.FeatureLevel = FeatureLevels.First;
        });
        var tooOld = await Assert.ThrowsAsync<RaftKvMembershipException>(() => one.Cluster.AddMemberAsync("node4", $"127.0.0.1:{_ports[3]}", Cancel));
        Assert.Equal(RaftKvMembershipError.TooOld, tooOld.Error);
    }

    [Fact]
    public async Task Increments_keep_the_lifetime_once_every_member_is_upgraded_and_an_old_log_is_replayed_as_it_was()
    {
        var old = await StartAloneAsync(FeatureLevels.Safeguards);
        await SetForAnHourAsync(old, "before");
        await SetForAnHourAsync(old, "after");
        await old.Kv.IncrementAsync("before", cancellationToken: Cancel);
        var refusal = await Assert.ThrowsAsync<RaftKvUnavailableException>(
            async () => await old.Kv.IncrementAsync("n", 1, new KvIncrementOptions { InitialValue = 5 }, Cancel));
        Assert.Equal((RaftKvUnavailableReason.FeatureNotActive, KvOutcome.NotApplied), (refusal.Reason, refusal.Outcome));
        await old.StopAsync();

        await using var upgraded = await StartAloneAsync(FeatureLevels.Current);
        await upgraded.Cluster.WaitUntilReadyAsync(Cancel);
        await WhenActiveAsync(async () => await upgraded.Kv.IncrementAsync("n", 1, new KvIncrementOptions { InitialValue = 5 }, Cancel));
        await upgraded.Kv.IncrementAsync("after", cancellationToken: Cancel);

        Assert.Null((await upgraded.Kv.GetAsync("before", cancellationToken: Cancel)).ExpiresAt);
        Assert.NotNull((await upgraded.Kv.GetAsync("after", cancellationToken: Cancel)).ExpiresAt);
        Assert.Equal("6", await upgraded.Kv.GetStringAsync("n", cancellationToken: Cancel));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_older_version_does_not_start_on_the_data_of_a_newer_level_and_changes_nothing(bool hasSnapshot)
    {
        var node = await StartAloneAsync(FeatureLevels.Current);
        await node.Kv.SetAsync("key", "1"u8.ToArray(), cancellationToken: Cancel);
        if (hasSnapshot)
            await node.Cluster.TakeSnapshotAsync(Cancel);
        await node.StopAsync();

        var refusal = await Assert.ThrowsAsync<RaftKvStorageException>(() => StartAloneAsync(FeatureLevels.Safeguards));
        Assert.Equal(RaftKvStorageError.NewerFormat, refusal.Error);
        Assert.Contains($"level {FeatureLevels.Current}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"level {FeatureLevels.Safeguards}", refusal.Message, StringComparison.Ordinal);

        await using var again = await StartAloneAsync(FeatureLevels.Current);
        Assert.Equal("1", await again.Kv.GetStringAsync("key", cancellationToken: Cancel));
    }

    private static async Task SetForAnHourAsync(TestNode node, string key) =>
        await node.Kv.SetAsync(key, "1"u8.ToArray(), new() { TimeToLive = TimeSpan.FromHours(1) }, Cancel);

    [Fact]
    public void A_configuration_keeps_its_level_and_without_one_is_what_it_always_was()
    {
        Member[] members = [new("a", "a:1", Guid.NewGuid(), MemberRole.Voter), new("b", "b:1", Guid.NewGuid(), MemberRole.Joining)];
        var first = new ClusterConfiguration(members);
        Assert.Equal(1, first.Encode()[0]);
        var second = first.At(FeatureLevels.Transactions).Without("b").With(members[1]);
        var read = ClusterConfiguration.Decode(second.Encode());

        Assert.Equal((2, FeatureLevels.Transactions), (second.Encode()[0], read.FeatureLevel));
        Assert.Equal(members, read.Members);
        Assert.Equal(FeatureLevels.First, ClusterConfiguration.Decode(first.Encode()).FeatureLevel);
        Assert.Throws<FormatException>(() => ClusterConfiguration.Decode(second.Encode().AsSpan()[..4]));
    }

    private static Task UntilActiveAsync(TestNode node) => WhenActiveAsync(async () => await node.Kv.CommitAsync(Transaction(), Cancel));

    private static async Task WhenActiveAsync(Func<Task> call)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (RaftKvUnavailableException e) when (e.Reason == RaftKvUnavailableReason.FeatureNotActive && clock.Elapsed.TotalSeconds < 20)
            {
                await Task.Delay(20, Cancel);
            }
        }
    }

    private static KvTransaction Transaction()
    {
        var transaction = new KvTransaction();
        transaction.Then.Set("new", "1"u8.ToArray());
        return transaction;
    }

    private Task<TestNode> StartAloneAsync(int level) => TestNode.StartAsync(o =>
    {
        o.Be(1, _ports, _folder);
        o.FeatureLevel = level;
    });

    private Task<TestNode> StartAsync(int number, int level = FeatureLevels.Current) => TestNode.StartAsync(o =>
    {
        o.BeOneOf(number, _ports[..3], _folder);
        o.FeatureLevel = level;
    });
}
