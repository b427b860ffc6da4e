using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RaftKv.Embedded;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the store as an <see cref="IDistributedCache"/>.</summary>
public static class RaftKvCacheBuilderExtensions
{
    /// <summary>
    /// Registers the store as the application's <see cref="IDistributedCache"/> and <see cref="IBufferDistributedCache"/>: for session
    /// state, <c>HybridCache</c> and other users of these interfaces. With <c>AddKeyedRaftKv</c> it is a keyed service under the name of
    /// the cluster. Entries are on every node, outlive restarts, and expire by the cluster's log time, on all nodes at the same version.
    /// </summary>
    /// <remarks>
    /// <para>A write is on the disks of a majority when it returns, and visible to this node's reads; errors are those of
    /// <see cref="IDistributedKv.SetAsync"/>. In particular, a value over <see cref="RaftKvOptions.MaxValueBytes"/> is refused with
    /// <see cref="RaftKvLimitExceededException"/>. For reads of another node's writes see
    /// <see cref="RaftKvCacheOptions.Consistency"/>.</para>
    /// <para>When an entry has both an absolute expiry and one relative to now, the relative one applies. With a sliding expiry it is the
    /// latest end of the entry: no use extends the entry beyond it. An absolute expiry in the past ends the entry at once. A use on any
    /// node renews a sliding expiry, at the latest when a quarter of it is over. No entry expires while the cluster has no leader.</para>
    /// <para>The blocking methods need no thread of the pool to complete.</para>
    /// </remarks>
    /// <param name="builder">The builder that <c>AddRaftKv</c> returned.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IRaftKvBuilder AddDistributedCache(this IRaftKvBuilder builder, Action<RaftKvCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var cluster = builder.Name;
        var name = ClusterServices.OptionsName(cluster);
        AddOptions(builder.Services, name, configure);
        builder.Services.AddOf<IDistributedCache>(cluster, services => Create(services, cluster, name));
        return builder;
    }

    /// <summary>
    /// As <see cref="AddDistributedCache"/>, for one of several caches: a keyed service. Set a separate
    /// <see cref="RaftKvCacheOptions.KeyPrefix"/> for each.
    /// </summary>
    /// <param name="builder">The builder that <c>AddRaftKv</c> returned.</param>
    /// <param name="serviceKey">The key of the service, which is also the name of its options.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IRaftKvBuilder AddKeyedDistributedCache(
        this IRaftKvBuilder builder, string serviceKey, Action<RaftKvCacheOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(serviceKey);
        ArgumentNullException.ThrowIfNull(configure);
        AddOptions(builder.Services, serviceKey, configure);
        var cluster = builder.Name;
        builder.Services.AddKeyedSingleton<IDistributedCache>(serviceKey, (services, _) => Create(services, cluster, serviceKey));
        return builder;
    }

    private static void AddOptions(IServiceCollection services, string name, Action<RaftKvCacheOptions>? configure)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RaftKvCacheOptions>, RaftKvCacheOptionsValidator>());
        services.AddOptions<RaftKvCacheOptions>(name).Configure(configure ?? (static _ => { })).ValidateOnStart();
    }

    private static WatchedCache Create(IServiceProvider services, string? cluster, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<RaftKvCacheOptions>>().Get(name);
        var cache = new RaftKvCache(services.Of<DistributedKv>(cluster), options);
        return new WatchedCache(cache, services.Of<ReplicaAccess>(cluster));
    }
}
