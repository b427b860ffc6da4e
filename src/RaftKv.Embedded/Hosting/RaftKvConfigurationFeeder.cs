using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Fills the configuration from the replica, which starts before it. The services that start after it find what this node holds already; nothing waits
/// for other nodes.
/// </summary>
internal sealed class RaftKvConfigurationFeeder(DistributedKv kv, Observers observers, IConfiguration? configuration = null) : IHostedService
{
    private static readonly TimeSpan FirstFillTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RemovedPause = TimeSpan.FromSeconds(1);

    private readonly ILogger _log = observers.CreateLogger("RaftKv.Embedded.Configuration");
    private readonly CancellationTokenSource _stop = new();
    private Task _feeding = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var providers = ProvidersOf(configuration).ToList();
        _feeding = Task.WhenAll(providers.Select(FeedAsync));
        var filled = Task.WhenAll(providers.Select(p => p.Filled));
        await Task.WhenAny(filled, _feeding, Task.Delay(FirstFillTimeout, cancellationToken)).ConfigureAwait(false);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _feeding.ConfigureAwait(false);
    }

    /// <summary>A configuration may be made of others.</summary>
    private static IEnumerable<RaftKvConfigurationProvider> ProvidersOf(IConfiguration? configuration) => configuration is not IConfigurationRoot root ? []
        : root.Providers.SelectMany(p => p switch
        {
            RaftKvConfigurationProvider own => [own],
            ChainedConfigurationProvider chained => ProvidersOf(chained.Configuration),
            _ => [],
        });

    /// <summary>Returns when this node was removed from its cluster: it may be added again, and then goes on from what it holds.</summary>
    private async Task FollowAsync(RaftKvConfigurationProvider provider)
    {
        try
        {
            await StateFollower.RunAsync(stop => kv.WatchLocalAsync(KvKeyRange.StartingWith(provider.Prefix), stop), provider, retryFirst: true, _stop.Token).ConfigureAwait(false);
        }
        catch (RaftKvUnavailableException e) when (e.Reason == RaftKvUnavailableReason.Removed)
        {
            await Task.Delay(RemovedPause, _stop.Token).ConfigureAwait(false);
        }
    }

    private async Task FeedAsync(RaftKvConfigurationProvider provider)
    {
        try
        {
            while (true)
                await FollowAsync(provider).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (RaftKvUnavailableException)
        {
            // So does the replica, or it is faulted: the configuration stays as it is.
        }
        catch (Exception e)
        {
            _log.ConfigurationEnded(e, provider.Prefix);
        }
    }
}
