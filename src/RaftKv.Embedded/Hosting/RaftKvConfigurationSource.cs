using Microsoft.Extensions.Configuration;

namespace RaftKv.Embedded.Hosting;

/// <summary>Built long before there is a replica; the host connects what it builds when it starts.</summary>
internal sealed class RaftKvConfigurationSource(string prefix) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new RaftKvConfigurationProvider(prefix);
}
