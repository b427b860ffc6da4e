using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// The work of a leader service that does a job once per period. A run is claimed by a key that lives for the period: while the key exists,
/// no run begins on any node.
/// </summary>
/// <param name="cluster">The name of the cluster; <c>null</c> for the one of <c>AddRaftKv</c>.</param>
/// <param name="name">The name of the job.</param>
/// <param name="period">How long a claim lives.</param>
/// <param name="job">The job.</param>
internal sealed class PeriodicJob(string? cluster, string name, TimeSpan period, Func<IServiceProvider, CancellationToken, Task> job)
{
    /// <summary>The shortest and the longest pause before the leader reads the claim again.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly string _claim = ReservedKeys.OwnPrefix + "jobs/" + name;

    public async Task RunAsync(KvLock leadership, IServiceProvider services, CancellationToken cancellationToken)
    {
        var (kv, clock) = (services.Of<IDistributedKv>(cluster), services.Of<ReplicaClock>(cluster));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await LeftAsync(kv, clock, cancellationToken).ConfigureAwait(false) is { } left)
                await Task.Delay(left, clock.Provider, cancellationToken).ConfigureAwait(false);
            else if (await TryClaimAsync(kv, leadership, cancellationToken).ConfigureAwait(false))
                await RunOnceAsync(services, cancellationToken).ConfigureAwait(false);
            else // Leadership has ended, and its token is about to fire.
                await Task.Delay(RetryPause, clock.Provider, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How long to wait before the next read of the claim; <c>null</c> when the period is over.</summary>
    private async Task<TimeSpan?> LeftAsync(IDistributedKv kv, ReplicaClock clock, CancellationToken cancellationToken)
    {
        try
        {
            var claim = await kv.GetAsync(_claim, default, cancellationToken).ConfigureAwait(false);
            if (!claim.Found)
                return null;
            var left = (claim.ExpiresAt ?? clock.Wall) - clock.Wall;
            return left < ShortestPause ? ShortestPause : left > LongestPause ? LongestPause : left;
        }
        catch (RaftKvException e) when (e.IsTransient)
        {
            // Without a quorum the claim does not expire either.
            return RetryPause;
        }
    }

    private async Task<bool> TryClaimAsync(IDistributedKv kv, KvLock leadership, CancellationToken cancellationToken)
    {
        var claim = new KvTransaction().If(
            KvCompare.NotExists(_claim), KvCompare.CreateVersion(leadership.Key, KvRelation.Equal, leadership.FencingToken));
        claim.Then.SetReserved(_claim, default, new KvSetOptions { TimeToLive = period });
        return (await kv.CommitAsync(claim, cancellationToken).ConfigureAwait(false)).Succeeded;
    }

    private async Task RunOnceAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var scope = services.CreateAsyncScope();
        await using var disposed = scope.ConfigureAwait(false);
        await job(scope.ServiceProvider, cancellationToken).ConfigureAwait(false);
    }
}
