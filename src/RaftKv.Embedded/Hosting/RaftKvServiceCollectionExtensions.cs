using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RaftKv.Embedded;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a replica to an application.</summary>
public static class RaftKvServiceCollectionExtensions
{
    /// <summary>The key under which a <see cref="TimeProvider"/> of the replica's own may be registered; the application's is never used.</summary>
    public const string TimeProviderKey = "RaftKv";

    /// <summary>
    /// Hosts a replica in this process: it starts and stops with the host. <see cref="IDistributedKv"/>, <see cref="IRaftKvLeases"/>,
    /// <see cref="IRaftKvCoordination"/> and <see cref="IRaftKvCluster"/> become singletons. Starting opens the data directory and the listener, and never waits for other nodes. What takes more than a second of it goes on while the other services of the host start; the start of the host is over when the replica is open, and fails when it cannot be opened. Calls made meanwhile wait.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options; only <see cref="RaftKvOptions.DataDirectory"/> is required.</param>
    /// <exception cref="OptionsValidationException">When the host starts: every wrong option, at once.</exception>
    public static IRaftKvBuilder AddRaftKv(this IServiceCollection services, Action<RaftKvOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.Configure(configure);
        return AddCore(services);
    }

    /// <summary>As <see cref="AddRaftKv(IServiceCollection, Action{RaftKvOptions})"/>, with the options from a configuration section, by convention <see cref="RaftKvOptions.SectionName"/>.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="section">For example <c>configuration.GetSection("RaftKv")</c>.</param>
    public static IRaftKvBuilder AddRaftKv(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddSingleton<IOptionsChangeTokenSource<RaftKvOptions>>(new ConfigurationChangeTokenSource<RaftKvOptions>(section));
        services.Configure<RaftKvOptions>(options => ConfiguredOptions.Bind(section, options));
        return AddCore(services);
    }

    private static RaftKvBuilder AddCore(IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<RaftKvOptions, RaftKvOptionsValidator>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<RaftKvOptions>, OwnAddress>());
        services.TryAddSingleton<Observers>();
        services.TryAddSingleton<ReplicaAccess>();
        services.TryAddSingleton<ReservedKeys>();
        services.TryAddSingleton(p => new DistributedKv(
            p.GetRequiredService<ReplicaAccess>(), p.GetRequiredService<IOptions<RaftKvOptions>>().Value,
                p.GetRequiredService<ReservedKeys>()));
        services.TryAddSingleton<IDistributedKv>(p => p.GetRequiredService<DistributedKv>());
        services.TryAddSingleton(p => new RaftKvLeases(p.GetRequiredService<ReplicaAccess>(), p.GetRequiredService<DistributedKv>(), p.GetRequiredService<IOptions<RaftKvOptions>>().Value));
        services.TryAddSingleton<IRaftKvLeases>(p => p.GetRequiredService<RaftKvLeases>());
        services.TryAddSingleton<IRaftKvCluster>(p => new RaftKvCluster(p.GetRequiredService<ReplicaAccess>(), p.GetRequiredService<IOptions<RaftKvOptions>>().Value));
        services.TryAddSingleton<RaftKvCoordination>();
        services.TryAddSingleton<IRaftKvCoordination>(p => p.GetRequiredService<RaftKvCoordination>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RaftKvHostedService>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RaftKvCoordination>(p => p.GetRequiredService<RaftKvCoordination>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RaftKvConfigurationFeeder>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LiveOptions>());
        return new RaftKvBuilder(services);
    }
}
