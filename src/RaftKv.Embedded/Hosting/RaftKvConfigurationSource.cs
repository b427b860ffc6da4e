using Microsoft.Extensions.Configuration;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Built long before there is a replica, and again when the list of sources changes; all that it builds show the same feed, which the host
/// fills.
/// </summary>
internal sealed class RaftKvConfigurationSource(ConfigurationFeed feed) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new RaftKvConfigurationProvider(feed);
}
