using System.Collections.Concurrent;
using RaftKv.Embedded;
using RaftKv.Embedded.Testing;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Node;

/// <summary>Runs the conformance suite on the node of this process.</summary>
internal static class ConformanceRunner
{
    private const int AtOnce = 8;

    public static async Task<ConformanceReport> RunAsync(
        IDistributedKv kv, IRaftKvLeases leases, IRaftKvCoordination coordination, CancellationToken cancellationToken)
    {
        var target = new RaftKvConformanceTarget { Kv = kv, Leases = leases, Coordination = coordination, PreviousValues = true };
        var failures = new ConcurrentQueue<string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
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
        return new ConformanceReport(RaftKvConformance.Cases.Count, [.. failures.Order()]);
    }
}
