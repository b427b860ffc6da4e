using Microsoft.Extensions.Configuration;

namespace RaftKv.Embedded.Hosting;

/// <summary>Shows the state of a feed to one configuration.</summary>
internal sealed class RaftKvConfigurationProvider : ConfigurationProvider, IDisposable
{
    public RaftKvConfigurationProvider(ConfigurationFeed feed)
    {
        Feed = feed;
        feed.Add(this);
    }

    public ConfigurationFeed Feed { get; }

    public override void Load() => Data = Feed.Data;

    /// <exception cref="Exception">An exception of a listener of the configuration.</exception>
    public void Reload()
    {
        Load();
        OnReload();
    }

    public void Dispose() => Feed.Remove(this);
}
