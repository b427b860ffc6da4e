using Microsoft.Extensions.Configuration;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Built before there is a replica, and again when the list of sources changes. All providers that it builds show the same feed, which a
/// hosted service fills.
/// </summary>
internal sealed class RaftKvConfigurationSource(ConfigurationFeed feed) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new RaftKvConfigurationProvider(feed);
}
