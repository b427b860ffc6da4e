using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Locks, their queue, and leaders.</summary>
internal static class LockCases
{
    private const string Group = "Locks";

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        Case("one has it", OneAsync),
        Case("names are apart", ApartAsync),
        Case("those that wait get it in their order", OrderAsync),
        Case("a wait that is cancelled leaves the queue", CancelAsync),
        Case("fencing tokens rise", TokensAsync),
        Case("the holder is told", HolderAsync),
        Case("a write that needs the lock", NeedsAsync),
        Case("the token fires when it is released", ReleasedAsync),
        Case("the lease of a holder can be revoked", RevokeAsync, leases: true),
        Case("leaders follow each other", LeadersAsync),
        Case("an exception of the work ends the leadership", WorkFailsAsync),
        Case("an empty name is refused", run => FailsAsync<ArgumentException>(() => run.Coordination.AcquireLockAsync("", default, run.Token).AsTask())),
        .. from name in new[] { "a/b", "a%2Fb", "é", "with space", new string('n', 200) }
           select Case($"the name {name[..Math.Min(12, name.Length)]}", run => NamedAsync(run, name)),
        .. from count in new[] { 2, 5, 10 }
           select Case($"{count} that compete are never in it together", run => CompeteAsync(run, count)),
    ];

    private static RaftKvConformanceCase Case(string name, Func<ConformanceRun, Task> run, bool leases = false) =>
        new(Group, name, run, leases, coordination: true);

    private static ValueTask<KvLock> AcquireAsync(ConformanceRun run, string name = "l") =>
        run.Coordination.AcquireLockAsync(run.Key(name), default, run.Token);

    private static ValueTask<KvLock?> TryAsync(ConformanceRun run, string name = "l") =>
        run.Coordination.TryAcquireLockAsync(run.Key(name), default, run.Token);

    private static async Task OneAsync(ConformanceRun run)
    {
        var held = await AcquireAsync(run).ConfigureAwait(false);
        That(await TryAsync(run).ConfigureAwait(false) is null);
        await held.ReleaseAsync(run.Token).ConfigureAwait(false);
        await using var again = await TryAsync(run).ConfigureAwait(false);
        That(again is not null);
    }

    private static async Task ApartAsync(ConformanceRun run)
    {
        await using var one = await AcquireAsync(run, "a").ConfigureAwait(false);
        await using var other = await TryAsync(run, "b").ConfigureAwait(false);
        await using var below = await TryAsync(run, "a/b").ConfigureAwait(false);
        That(other is not null && below is not null);
    }

    private static async Task NamedAsync(ConformanceRun run, string name)
    {
        await using var held = await AcquireAsync(run, name).ConfigureAwait(false);
        Same(run.Key(name), held.Name);
        Same(held.FencingToken, (await run.Coordination.GetHolderAsync(run.Key(name), run.Token).ConfigureAwait(false))!.FencingToken);
    }

    private static async Task OrderAsync(ConformanceRun run)
    {
        var first = await AcquireAsync(run).ConfigureAwait(false);
        var waiting = new List<Task<KvLock>>();
        for (var i = 1; i <= 3; i++)
        {
            waiting.Add(AcquireAsync(run).AsTask());
            var queued = i;
            await run.UntilAsync(async () =>
                (await run.Coordination.GetHolderAsync(run.Key("l"), run.Token).ConfigureAwait(false))?.Waiting == queued, "the queue grows").ConfigureAwait(false);
        }
        That(waiting.TrueForAll(w => !w.IsCompleted));
        await first.DisposeAsync().ConfigureAwait(false);
        for (var i = 0; i < 3; i++)
        {
            var next = await waiting[i].ConfigureAwait(false);
            That(waiting.Skip(i + 1).All(w => !w.IsCompleted));
            await next.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task CancelAsync(ConformanceRun run)
    {
        await using var held = await AcquireAsync(run).ConfigureAwait(false);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        var waiting = run.Coordination.AcquireLockAsync(run.Key("l"), default, cancel.Token).AsTask();
        await cancel.CancelAsync().ConfigureAwait(false);
        await FailsAsync<OperationCanceledException>(() => waiting).ConfigureAwait(false);
        await run.UntilAsync(async () =>
            (await run.Coordination.GetHolderAsync(run.Key("l"), run.Token).ConfigureAwait(false))?.Waiting == 0, "the queue is empty").ConfigureAwait(false);
    }

    private static async Task TokensAsync(ConformanceRun run)
    {
        var last = KvVersion.None;
        for (var i = 0; i < 3; i++)
        {
            await using var held = await AcquireAsync(run).ConfigureAwait(false);
            That(held.FencingToken > last);
            last = held.FencingToken;
        }
    }

    private static async Task HolderAsync(ConformanceRun run)
    {
        That(await run.Coordination.GetHolderAsync(run.Key("l"), run.Token).ConfigureAwait(false) is null);
        var held = await AcquireAsync(run).ConfigureAwait(false);
        var holder = await run.Coordination.GetHolderAsync(run.Key("l"), run.Token).ConfigureAwait(false);
        Same(held.FencingToken, holder!.FencingToken);
        Same(0, holder.Waiting);
        await held.DisposeAsync().ConfigureAwait(false);
        That(await run.Coordination.GetHolderAsync(run.Key("l"), run.Token).ConfigureAwait(false) is null);
    }

    private static async Task NeedsAsync(ConformanceRun run)
    {
        var held = await AcquireAsync(run).ConfigureAwait(false);
        var transaction = new KvTransaction().If(held.StillHeld);
        transaction.Then.Set(run.Key("k"), Bytes("v"));
        Same(true, (await run.CommitAsync(transaction).ConfigureAwait(false)).Succeeded);
        await held.ReleaseAsync(run.Token).ConfigureAwait(false);
        Same(false, (await run.CommitAsync(transaction).ConfigureAwait(false)).Succeeded);
    }

    private static async Task ReleasedAsync(ConformanceRun run)
    {
        var held = await AcquireAsync(run).ConfigureAwait(false);
        That(!held.IsLost);
        await held.ReleaseAsync(run.Token).ConfigureAwait(false);
        That(held.IsLost);
    }

    private static async Task RevokeAsync(ConformanceRun run)
    {
        await using var held = await AcquireAsync(run).ConfigureAwait(false);
        var holder = await run.Coordination.GetHolderAsync(run.Key("l"), run.Token).ConfigureAwait(false);
        Same(true, await run.Leases.RevokeAsync(holder!.LeaseId, run.Token).ConfigureAwait(false));
        await using var next = await TryAsync(run).ConfigureAwait(false);
        That(next is not null);
    }

    private static async Task LeadersAsync(ConformanceRun run)
    {
        var order = new List<KvVersion>();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => run.Coordination.RunWhenLeaderAsync(run.Key("office"), (leadership, _) =>
        {
            order.Add(leadership.FencingToken);
            return Task.CompletedTask;
        }, default, run.Token))).ConfigureAwait(false);
        Same(3, order.Count);
        SameList(order.Order(), order);
    }

    private static async Task WorkFailsAsync(ConformanceRun run)
    {
        await FailsAsync<InvalidOperationException>(() => run.Coordination.RunWhenLeaderAsync(
            run.Key("office"), static (_, _) => throw new InvalidOperationException("work"), default, run.Token)).ConfigureAwait(false);
        await using var free = await TryAsync(run, "office").ConfigureAwait(false);
        That(free is not null);
    }

    private static async Task CompeteAsync(ConformanceRun run, int count)
    {
        var inside = 0;
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            await using var held = await AcquireAsync(run).ConfigureAwait(false);
            That(Interlocked.Increment(ref inside) == 1);
            await Task.Yield();
            Interlocked.Decrement(ref inside);
        })).ConfigureAwait(false);
    }
}
