using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Leases and the keys that are bound to them, as an application uses them.</summary>
public sealed class LeaseTests : IAsyncLifetime
{
    // A pause of a busy machine is shorter than this.
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(5);

    private readonly TestFolder _folder = new();
    private TestNode _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IDistributedKv Kv => _node.Kv;

    private IRaftKvLeases Leases => _node.Leases;

    public async ValueTask InitializeAsync() => _node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Path);

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    private async Task BindAsync(string key, long lease) => await Kv.SetAsync(key, "v"u8.ToArray(), new() { LeaseId = lease }, Cancel);

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await holds())
            await Task.Delay(10, limit.Token);
    }

    [Fact]
    public async Task A_lease_that_is_held_outlives_its_time_and_its_keys_go_when_it_is_disposed()
    {
        var lease = await Leases.GrantAsync(TimeToLive, Cancel);
        await BindAsync("a", lease.Id);
        await BindAsync("b", lease.Id);
        Assert.Equal(lease.Id, (await Kv.GetAsync("a", cancellationToken: Cancel)).LeaseId);
        var info = await Leases.GetAsync(lease.Id, Cancel);
        Assert.Equal((lease.Id, TimeToLive), (info!.LeaseId, info.TimeToLive));
        Assert.Equal(["a", "b"], info.Keys);

        await Task.Delay(TimeToLive + TimeSpan.FromSeconds(1), Cancel);
        Assert.True((await Kv.GetAsync("a", cancellationToken: Cancel)).Found);
        Assert.False(lease.IsLost);
        await lease.DisposeAsync();

        Assert.True(lease.IsLost);
        Assert.False((await Kv.GetAsync("a", cancellationToken: Cancel)).Found || (await Kv.GetAsync("b", cancellationToken: Cancel)).Found);
        Assert.Null(await Leases.GetAsync(lease.Id, Cancel));
        Assert.False(await Leases.RevokeAsync(lease.Id, Cancel));
        await lease.DisposeAsync();
    }

    [Fact]
    public async Task A_lease_that_somebody_else_revokes_is_lost()
    {
        await using var lease = await Leases.GrantAsync(TimeToLive, Cancel);
        var lost = new TaskCompletionSource();
        await using var registration = lease.LostToken.Register(lost.SetResult);

        Assert.True(await Leases.RevokeAsync(lease.Id, Cancel));

        await lost.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task A_lease_nobody_keeps_alive_ends_with_its_keys_also_over_a_restart()
    {
        var lease = await Leases.GrantAsync(TimeSpan.FromSeconds(1), Cancel);
        await BindAsync("k", lease.Id);
        await _node.Cluster.TakeSnapshotAsync(Cancel);
        await _node.StopAsync();
        await UntilAsync(() => Task.FromResult(lease.IsLost));
        _node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Path);
        await _node.Cluster.WaitUntilReadyAsync(Cancel);

        await UntilAsync(async () => !(await Kv.GetAsync("k", cancellationToken: Cancel)).Found);
        Assert.Null(await Leases.GetAsync(lease.Id, Cancel));
    }

    [Fact]
    public async Task Misuse_has_its_name()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Leases.GrantAsync(TimeSpan.FromMilliseconds(499), Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Leases.GrantAsync(TimeSpan.FromDays(2), Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Leases.RevokeAsync(0, Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Leases.GetAsync(-1, Cancel));
        var unknown = await Assert.ThrowsAsync<RaftKvLeaseException>(() => BindAsync("k", 12_345));
        Assert.Equal((RaftKvLeaseError.NotFound, KvOutcome.NotApplied), (unknown.Error, unknown.Outcome));
        var inTransaction = new KvTransaction();
        inTransaction.Then.Set("k", default, new() { LeaseId = 12_345 });
        await Assert.ThrowsAsync<RaftKvLeaseException>(async () => await Kv.CommitAsync(inTransaction, Cancel));
    }
}
