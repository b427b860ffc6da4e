using RaftKv.Embedded.Hosting;

namespace Microsoft.Extensions.Configuration;

/// <summary>Adds keys of the store as a source of configuration.</summary>
public static class RaftKvConfigurationExtensions
{
    /// <summary>
    /// Adds the keys that start with <paramref name="prefix"/> to the configuration of the application that <c>AddRaftKv</c> is called for:
    /// with the prefix <c>config/</c>, the key <c>config/Mail/Server</c> is <c>Mail:Server</c>, and its value is text in UTF-8. Until the
    /// host starts, the source has the values of <paramref name="lastKnownFile"/>. From then on it follows this node's own copy, with or
    /// without a quorum. It reloads when no further change is waiting, and every 100 ms while changes arrive without a pause; the changes
    /// of one write or transaction appear together.
    /// </summary>
    /// <remarks>
    /// <para>Below the prefix, <c>/</c> and <c>:</c> both separate sections. Configuration ignores case: of keys that differ only in case,
    /// the last one in the order of the store applies.</para>
    /// <para>When a listener of the configuration throws, for example because options cannot be bound to a value, a warning is logged
    /// (151), and the source continues with the next change.</para>
    /// </remarks>
    /// <param name="builder">For example <c>builder.Configuration</c>.</param>
    /// <param name="prefix">The prefix of the keys, the separator included.</param>
    /// <param name="lastKnownFile">
    /// A file that keeps the newest values, as JSON and readable for its owner only, so that they are available before the host starts and
    /// its store is open. It must not be in the data directory. A file that is missing or unreadable supplies no values; a failure to write
    /// it is logged (152). <c>null</c>, the default, is no file.
    /// </param>
    /// <param name="name">
    /// The name that <c>AddKeyedRaftKv</c> was given; <c>null</c>, the default, for the cluster of <c>AddRaftKv</c>.
    /// </param>
    public static IConfigurationBuilder AddRaftKvConfiguration(
        this IConfigurationBuilder builder, string prefix, string? lastKnownFile = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(prefix);
        var lastKnown = lastKnownFile is null ? null : new LastKnownConfiguration(Path.GetFullPath(lastKnownFile));
        return builder.Add(new RaftKvConfigurationSource(new ConfigurationFeed(prefix, lastKnown, name)));
    }
}
