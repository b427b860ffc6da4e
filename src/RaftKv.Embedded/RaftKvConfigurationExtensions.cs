using Microsoft.Extensions.Configuration;
using RaftKv.Embedded.Hosting;

namespace RaftKv.Embedded;

/// <summary>Makes keys of the store a source of configuration.</summary>
public static class RaftKvConfigurationExtensions
{
    /// <summary>
    /// Adds the keys that start with <paramref name="prefix"/> to the configuration of the application that <c>AddRaftKv</c> is called for: with the prefix
    /// <c>config/</c>, the key <c>config/Mail/Server</c> is <c>Mail:Server</c>, and its value is text in UTF-8. The source is empty until the host starts.
    /// From then on it follows this node's own copy, with or without a quorum, and reloads once for every write or transaction, deletions included.
    /// </summary>
    /// <remarks>
    /// Below the prefix, <c>/</c> and <c>:</c> both separate sections. Configuration knows no case: of keys that differ in nothing else, the last one in the
    /// order of the store is the one that counts.
    /// </remarks>
    /// <param name="builder">For example <c>builder.Configuration</c>.</param>
    /// <param name="prefix">What the keys start with, the separator included.</param>
    public static IConfigurationBuilder AddRaftKvConfiguration(this IConfigurationBuilder builder, string prefix)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(prefix);
        return builder.Add(new RaftKvConfigurationSource(prefix));
    }
}
