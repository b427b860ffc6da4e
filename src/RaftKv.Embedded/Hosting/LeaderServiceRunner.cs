using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Runs a leader service while this node is its leader, until the host begins to stop. The service may throw or return at any time.
/// </summary>
/// <param name="service">The service.</param>
/// <param name="services">The application's services.</param>
/// <param name="node">This node.</param>
/// <param name="stopping">Fires when the host begins to stop.</param>
/// <param name="log">The log for failures.</param>
internal sealed class LeaderServiceRunner(
    LeaderServiceRegistration service, IServiceProvider services, LeaderServiceNode node, CancellationToken stopping, ILogger log)
    : BackgroundService
{
    private readonly ResiliencePipeline _backOff = BackOff(service.Options);
    private long _begun;
    private RaftKvLeaderServiceStatus _status = new() { Name = service.Name };

    public string Name => service.Name;

    /// <summary>The status as far as this process knows it: without the node that runs the service.</summary>
    public RaftKvLeaderServiceStatus Status => Volatile.Read(ref _status);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, stopping);
        while (!end.IsCancellationRequested)
        {
            try
            {
                await _backOff.ExecuteAsync(static (self, stop) => new ValueTask(self.ServeAsync(stop)), this, end.Token)
                    .ConfigureAwait(false);
                await Task.Delay(service.Options.MinBackoff, end.Token).ConfigureAwait(false);
            }
            catch (Exception) when (end.IsCancellationRequested)
            {
                // The host stops.
            }
        }
    }

    /// <summary>
    /// Stands for election, and runs the service once this node leads. Returns when the service has returned, and when the host stops.
    /// Returns also when the service failed after it had run for long, so that the back-off begins again.
    /// </summary>
    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        _begun = 0;
        try
        {
            var options = new KvLockOptions { TimeToLive = service.Options.TimeToLive };
            var lockName = LeaderServiceRegistration.LockOf(Name);
            await node.Coordination.RunWhenLeaderAsync(lockName, LeadAsync, options, cancellationToken).ConfigureAwait(false);
            Publish(Status with { Failures = 0, LastFailure = null });
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var isLong = _begun != 0 && Stopwatch.GetElapsedTime(_begun) >= service.Options.MaxBackoff;
            Publish(Status with { Failures = isLong ? 1 : Status.Failures + 1, LastFailure = FailureOf(e) });
            log.LeaderServiceFailed(e, Name, node.NodeId);
            if (!isLong)
                throw;
        }
    }

    private async Task LeadAsync(KvLock leadership, CancellationToken cancellationToken)
    {
        _begun = Stopwatch.GetTimestamp();
        await node.AnnounceAsync(Name, leadership, cancellationToken).ConfigureAwait(false);
        log.LeaderServiceRuns(Name, node.NodeId, leadership.FencingToken.Value);
        Publish(Status with { RunsHere = true });
        try
        {
            var scope = services.CreateAsyncScope();
            await using var disposed = scope.ConfigureAwait(false);
            await service.Work(leadership, scope.ServiceProvider, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Publish(Status with { RunsHere = false });
        }
    }

    private static RaftKvLeaderServiceFailure FailureOf(Exception e)
    {
        var type = e.GetType();
        return new RaftKvLeaderServiceFailure { ExceptionType = type.FullName ?? type.Name, Message = e.Message };
    }

    private void Publish(RaftKvLeaderServiceStatus status) => Volatile.Write(ref _status, status);

    private static ResiliencePipeline BackOff(RaftKvLeaderServiceOptions options) => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = static args => ValueTask.FromResult(
                args.Outcome.Exception is not null && !args.Context.CancellationToken.IsCancellationRequested),
            MaxRetryAttempts = int.MaxValue,
            Delay = options.MinBackoff,
            MaxDelay = options.MaxBackoff,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();
}
