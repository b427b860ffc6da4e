using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Fills the configuration from the replica, which starts before it. Services that start after it find the values that this node holds
/// already; no start waits for other nodes. Sources that are added later are filled as well.
/// </summary>
/// <param name="cluster">The name of the cluster whose sources are filled; <c>null</c> for the one of <c>AddRaftKv</c>.</param>
/// <param name="kv">The store of the cluster.</param>
/// <param name="observers">Creates the log.</param>
/// <param name="configuration">The application's configuration; <c>null</c> when it has none.</param>
internal sealed class RaftKvConfigurationFeeder(
    string? cluster, DistributedKv kv, Observers observers, IConfiguration? configuration) : IHostedService
{
    private static readonly TimeSpan FirstFillTimeout = TimeSpan.FromSeconds(5);

    private readonly ILogger _log = observers.CreateLogger("RaftKv.Embedded.Configuration");
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<ConfigurationFeed, Task> _feeding = [];
    private IDisposable? _changes;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (configuration is null)
            return;
        FeedNew();
        _changes = ChangeToken.OnChange(configuration.GetReloadToken, FeedNew);
        var filled = Task.WhenAll(Feeding().Select(f => Task.WhenAny(f.Key.Filled, f.Value)));
        await Task.WhenAny(filled, Task.Delay(FirstFillTimeout, cancellationToken)).ConfigureAwait(false);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _changes?.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);
        // A listener of the configuration may block; the token of the host ends the wait for it.
        await Task.WhenAll(Feeding().Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Finds the feeds of a configuration, also in the configurations that it is made of.</summary>
    private static IEnumerable<ConfigurationFeed> FeedsOf(IConfiguration? configuration) =>
        configuration is not IConfigurationRoot root ? []
        : root.Providers.SelectMany(p => p switch
        {
            RaftKvConfigurationProvider own => [own.Feed],
            ChainedConfigurationProvider chained => FeedsOf(chained.Configuration),
            _ => [],
        });

    private Dictionary<ConfigurationFeed, Task> Feeding()
    {
        lock (_gate)
            return new Dictionary<ConfigurationFeed, Task>(_feeding);
    }

    private void FeedNew()
    {
        lock (_gate)
        {
            foreach (var feed in FeedsOf(configuration).Where(f => f.Cluster == cluster && !_feeding.ContainsKey(f)).ToList())
            {
                feed.Log = _log;
                _feeding.Add(feed, Task.Run(() => FeedAsync(feed)));
            }
        }
    }

    private async Task FeedAsync(ConfigurationFeed feed)
    {
        try
        {
            await StateFollower.RunAsync(stop => kv.WatchLocalAsync(KvKeyRange.StartingWith(feed.Prefix), stop), feed, retryFirst: true,
                _stop.Token).ConfigureAwait(false);
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (RaftKvUnavailableException)
        {
            // The replica is stopping or faulted: the configuration keeps its last state.
        }
        catch (Exception e)
        {
            _log.ConfigurationEnded(e, feed.Prefix);
        }
    }
}
