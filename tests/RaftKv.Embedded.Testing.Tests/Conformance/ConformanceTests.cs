using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace RaftKv.Embedded.Testing.Tests.Conformance;

/// <summary>
/// The same conformance cases hold in memory and on a test cluster. The integration tests run them on three real processes.
/// </summary>
public sealed class ConformanceTests
{
    [Fact]
    public void Cases_have_names_of_their_own_and_there_are_hundreds()
    {
        var names = RaftKvConformance.Cases.Select(c => c.Name).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.True(names.Count >= 600, $"{names.Count} cases");
    }

    [Fact]
    public async Task The_store_in_memory_does_what_the_contract_says()
    {
        var time = new FakeTimeProvider();
        using var kv = new InMemoryRaftKv(time, o => o.WatchPreviousValues = true);
        var target = new RaftKvConformanceTarget
        {
            Kv = kv,
            Leases = kv.Leases,
            Coordination = kv.Coordination,
            PreviousValues = true,
            AdvanceAsync = by =>
            {
                time.Advance(by);
                return Task.CompletedTask;
            },
        };
        // One case at a time: all cases share one clock, and advancing it in one case would affect the others.
        await AllHold(target, atOnce: 1);
    }

    [Fact]
    public async Task A_cluster_does_what_the_contract_says_on_a_follower()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3,
            (_, builder) => builder.Services.Configure<RaftKvOptions>(o => o.WatchPreviousValues = true),
            TestContext.Current.CancellationToken);
        var follower = cluster.Nodes.First(n => n != cluster.Leader);

        await AllHold(new RaftKvConformanceTarget
        {
            Kv = follower.Kv,
            Leases = follower.Leases,
            Coordination = follower.Coordination,
            PreviousValues = true,
        }, atOnce: 8);
    }

    [Fact]
    public async Task A_store_that_breaks_the_contract_fails_the_cases_that_say_so()
    {
        using var kv = new InMemoryRaftKv();
        var target = new RaftKvConformanceTarget { Kv = new Forgetful(kv) };

        var failed = new List<string>();
        foreach (var one in RaftKvConformance.Cases.Where(c => c.Group == "Reads" && c.CanRun(target)))
        {
            try
            {
                await one.RunAsync(target, TestContext.Current.CancellationToken);
            }
            catch (RaftKvConformanceException)
            {
                failed.Add(one.Name);
            }
        }

        Assert.Contains("Reads: deleting what is there, once", failed);
        Assert.DoesNotContain("Reads: what was read is a copy", failed);
    }

    private static async Task AllHold(RaftKvConformanceTarget target, int atOnce)
    {
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(RaftKvConformance.Cases, options, async (one, token) =>
        {
            try
            {
                await one.RunAsync(target, token);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                failures.Enqueue($"{one.Name}: {e.Message}");
            }
        });
        Assert.True(failures.IsEmpty, $"{failures.Count} of {RaftKvConformance.Cases.Count} cases failed:\n{string.Join('\n', failures.Order())}");
    }

    /// <summary>Reports that a deletion was applied, and deletes nothing.</summary>
    private sealed class Forgetful(IDistributedKv inner) : DelegatingDistributedKv(inner)
    {
        public override async ValueTask<KvWriteResult> DeleteAsync(
            string key, KvDeleteOptions options = default, CancellationToken cancellationToken = default) =>
            new(true, (await Inner.GetAsync(key, cancellationToken: cancellationToken)).ReadAt);
    }
}
