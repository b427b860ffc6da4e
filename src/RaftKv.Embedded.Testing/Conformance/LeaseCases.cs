using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Keys that end with a lease.</summary>
internal static class LeaseCases
{
    private const string Group = "Leases";

    private static readonly TimeSpan TimeToLive = TimeSpan.FromMinutes(1);

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        Case("its keys go when it is revoked", RevokeAsync),
        Case("its keys go when it is disposed", DisposeAsync),
        Case("a key set without it stays", LeaveAsync),
        Case("it tells its keys", KeysAsync),
        Case("it is listed", ListAsync),
        Case("revoking twice is no error", TwiceAsync),
        Case("revoking what never was", async run => Same(false, await run.Leases.RevokeAsync(long.MaxValue / 2, run.Token).ConfigureAwait(false))),
        Case("looking for what never was", async run => That(await run.Leases.GetAsync(long.MaxValue / 2, run.Token).ConfigureAwait(false) is null)),
        Case("a key of a lease that never was is refused", UnknownAsync),
        Case("a transaction of a revoked lease is refused as a whole", RevokedTransactionAsync),
        Case("a compare of the lease", CompareAsync),
        Case("a lease and a time to live together", BothAsync),
        .. from time in new[] { 0.0, 0.4, 25 * 3600 }
           select Case($"a time to live of {time} s is refused", run => FailsAsync<ArgumentOutOfRangeException>(
               () => run.Leases.GrantAsync(TimeSpan.FromSeconds(time), run.Token).AsTask())),
        .. from id in new[] { 0L, -1L }
           select Case($"the id {id} is refused", run => FailsAsync<ArgumentOutOfRangeException>(() => run.Leases.GetAsync(id, run.Token).AsTask())),
    ];

    private static RaftKvConformanceCase Case(string name, Func<ConformanceRun, Task> run) => new(Group, name, run, leases: true);

    private static async Task<KvLease> HoldAsync(ConformanceRun run, params string[] names)
    {
        var lease = await run.Leases.GrantAsync(TimeToLive, run.Token).ConfigureAwait(false);
        foreach (var name in names)
            await run.SetAsync(name, "v", new KvSetOptions { LeaseId = lease.Id }).ConfigureAwait(false);
        return lease;
    }

    private static async Task RevokeAsync(ConformanceRun run)
    {
        var lease = await HoldAsync(run, "a", "b").ConfigureAwait(false);
        await lease.RevokeAsync(run.Token).ConfigureAwait(false);
        Same(0L, await run.Kv.CountAsync(KvKeyRange.StartingWith(run.Prefix), default, run.Token).ConfigureAwait(false));
        That(lease.IsLost);
    }

    private static async Task DisposeAsync(ConformanceRun run)
    {
        await using (await HoldAsync(run, "a").ConfigureAwait(false))
            Same("v", await run.ReadAsync("a").ConfigureAwait(false));
        Same(null, await run.ReadAsync("a").ConfigureAwait(false));
    }

    private static async Task LeaveAsync(ConformanceRun run)
    {
        var lease = await HoldAsync(run, "a", "b").ConfigureAwait(false);
        await run.SetAsync("a", "free").ConfigureAwait(false);
        await lease.RevokeAsync(run.Token).ConfigureAwait(false);
        Same("free", await run.ReadAsync("a").ConfigureAwait(false));
        Same(null, await run.ReadAsync("b").ConfigureAwait(false));
    }

    private static async Task KeysAsync(ConformanceRun run)
    {
        await using var lease = await HoldAsync(run, "b", "a").ConfigureAwait(false);
        var info = await run.Leases.GetAsync(lease.Id, run.Token).ConfigureAwait(false);
        Same(TimeToLive, info!.TimeToLive);
        That(info.Remaining > TimeSpan.Zero && info.Remaining <= TimeToLive);
        SameList([run.Key("a"), run.Key("b")], info.Keys.Order(StringComparer.Ordinal));
        Same(lease.Id, (await run.GetAsync("a").ConfigureAwait(false)).LeaseId);
    }

    private static async Task ListAsync(ConformanceRun run)
    {
        await using var lease = await HoldAsync(run, "a").ConfigureAwait(false);
        var listed = await run.Leases.ListAsync(lease.Id - 1, 1, run.Token).ConfigureAwait(false);
        Same(lease.Id, listed[0].LeaseId);
        Same(1, listed[0].KeyCount);
        SameList([run.Key("a")], listed[0].FirstKeys);
    }

    private static async Task TwiceAsync(ConformanceRun run)
    {
        var lease = await HoldAsync(run).ConfigureAwait(false);
        await lease.RevokeAsync(run.Token).ConfigureAwait(false);
        await lease.RevokeAsync(run.Token).ConfigureAwait(false);
        Same(false, await run.Leases.RevokeAsync(lease.Id, run.Token).ConfigureAwait(false));
    }

    private static async Task UnknownAsync(ConformanceRun run)
    {
        var error = await FailsAsync<RaftKvLeaseException>(
            () => run.SetAsync("a", "v", new KvSetOptions { LeaseId = long.MaxValue / 2 }).AsTask()).ConfigureAwait(false);
        Same(RaftKvLeaseError.NotFound, error.Error);
        Same(null, await run.ReadAsync("a").ConfigureAwait(false));
    }

    private static async Task RevokedTransactionAsync(ConformanceRun run)
    {
        var lease = await HoldAsync(run).ConfigureAwait(false);
        await lease.RevokeAsync(run.Token).ConfigureAwait(false);
        var transaction = new KvTransaction();
        transaction.Then.Set(run.Key("a"), Bytes("1")).Set(run.Key("b"), Bytes("1"), new KvSetOptions { LeaseId = lease.Id });
        await FailsAsync<RaftKvLeaseException>(() => run.CommitAsync(transaction).AsTask()).ConfigureAwait(false);
        Same(null, await run.ReadAsync("a").ConfigureAwait(false));
    }

    private static async Task CompareAsync(ConformanceRun run)
    {
        await using var lease = await HoldAsync(run, "a").ConfigureAwait(false);
        foreach (var (id, expected) in new[] { (lease.Id, true), (lease.Id + 1, false) })
        {
            var transaction = new KvTransaction().If(KvCompare.Lease(run.Key("a"), KvRelation.Equal, id));
            Same(expected, (await run.CommitAsync(transaction).ConfigureAwait(false)).Succeeded);
        }
    }

    private static async Task BothAsync(ConformanceRun run)
    {
        var lease = await HoldAsync(run).ConfigureAwait(false);
        await run.SetAsync("a", "v", new KvSetOptions { LeaseId = lease.Id, TimeToLive = TimeSpan.FromHours(1) }).ConfigureAwait(false);
        var read = await run.GetAsync("a").ConfigureAwait(false);
        Same(lease.Id, read.LeaseId);
        That(read.ExpiresAt is not null);
        await lease.RevokeAsync(run.Token).ConfigureAwait(false);
        Same(null, await run.ReadAsync("a").ConfigureAwait(false));
    }
}
