using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Registers the services of one cluster. Each cluster has a separate replica, which a separate hosted service starts and stops.
/// </summary>
internal static class ClusterRegistration
{
    /// <param name="services">The application's services.</param>
    /// <param name="cluster">The name of the cluster; <c>null</c> for the one of <c>AddRaftKv</c>.</param>
    /// <exception cref="InvalidOperationException">This cluster is registered already.</exception>
    public static RaftKvBuilder Add(IServiceCollection services, string? cluster)
    {
        ThrowIfThere(services, cluster);
        services.AddSingleton(new RegisteredCluster(cluster));
        AddOptions(services, cluster);
        AddClients(services, cluster);
        services.AddSingleton<IHostedService>(p => new RaftKvHostedService(
            p.Of<IOptions<RaftKvOptions>>(cluster), p.Of<ReplicaAccess>(cluster), p.Of<RaftKvLeases>(cluster), p.Of<Observers>(cluster),
            p.Of<ReplicaClock>(cluster), p.Of<ReplicaOpener>(cluster), p.GetService<IHostApplicationLifetime>()));
        services.AddSingleton<IHostedService>(p => p.Of<RaftKvCoordination>(cluster));
        services.AddSingleton<IHostedService>(p => new RaftKvConfigurationFeeder(
            cluster, p.Of<DistributedKv>(cluster), p.Of<Observers>(cluster), p.GetService<IConfiguration>()));
        services.AddSingleton<IHostedService>(p => new LiveOptions(
            cluster, p.Of<IOptions<RaftKvOptions>>(cluster), p.GetRequiredService<IOptionsFactory<RaftKvOptions>>(),
            p.GetServices<IOptionsChangeTokenSource<RaftKvOptions>>(), p.Of<ReplicaAccess>(cluster), p.Of<Observers>(cluster)));
        return new RaftKvBuilder(services, cluster);
    }

    /// <summary>Binds the options to a configuration section, now and when it changes.</summary>
    public static void Bind(IServiceCollection services, string? cluster, Func<IServiceProvider, IConfiguration> section)
    {
        var name = ClusterServices.OptionsName(cluster);
        services.AddSingleton<IOptionsChangeTokenSource<RaftKvOptions>>(
            p => new ConfigurationChangeTokenSource<RaftKvOptions>(name, section(p)));
        services.AddSingleton<IConfigureOptions<RaftKvOptions>>(p =>
            new ConfigureNamedOptions<RaftKvOptions>(name, options => ConfiguredOptions.Bind(section(p), options)));
    }

    private static void ThrowIfThere(IServiceCollection services, string? cluster)
    {
        if (!services.Any(s => !s.IsKeyedService && s.ImplementationInstance is RegisteredCluster other && other.Name == cluster))
            return;
        throw new InvalidOperationException(cluster is null
            ? "AddRaftKv was called before: this application has a replica already, and its options would be mixed with those of the "
                + "second call. To change the options of the replica, call services.Configure<RaftKvOptions>(...). To host a replica of "
                + "another cluster in this process, call AddKeyedRaftKv(name, ...)."
            : $"AddKeyedRaftKv was called before with the name '{cluster}'. To change the options of that replica, call "
                + $"services.Configure<RaftKvOptions>(\"{cluster}\", ...). Each further cluster needs a name of its own.");
    }

    private static void AddOptions(IServiceCollection services, string? cluster)
    {
        services.AddOptionsWithValidateOnStart<RaftKvOptions, RaftKvOptionsValidator>(ClusterServices.OptionsName(cluster));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<RaftKvOptions>, OwnAddress>());
        if (cluster is null)
            return;
        // The replica keeps this instance: the monitor creates another one when the configuration changes.
        services.AddKeyedSingleton<IOptions<RaftKvOptions>>(cluster, (p, _) =>
        {
            var options = p.GetRequiredService<IOptionsMonitor<RaftKvOptions>>().Get(cluster);
            options.NameCluster(cluster);
            return Options.Create(options);
        });
    }

    private static void AddClients(IServiceCollection services, string? cluster)
    {
        services.TryAddOf(cluster, static p => new Observers(p.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>()));
        services.TryAddOf(cluster, static _ => new ReplicaClock(SuspendAwareTime.Instance));
        services.TryAddOf(cluster, static _ => new ReplicaOpener());
        services.TryAddOf(cluster, static _ => new ReplicaAccess());
        services.TryAddOf(cluster, p => new ReservedKeys(p.AllOf<ReservedPrefix>(cluster)));
        services.TryAddOf(cluster, p => new DistributedKv(
            p.Of<ReplicaAccess>(cluster), p.Of<IOptions<RaftKvOptions>>(cluster).Value, p.Of<ReservedKeys>(cluster)));
        services.TryAddOf<IDistributedKv>(cluster, p => p.Of<DistributedKv>(cluster));
        services.TryAddOf(cluster, p => new RaftKvLeases(
            p.Of<ReplicaAccess>(cluster), p.Of<DistributedKv>(cluster), p.Of<IOptions<RaftKvOptions>>(cluster).Value));
        services.TryAddOf<IRaftKvLeases>(cluster, p => p.Of<RaftKvLeases>(cluster));
        services.TryAddOf<IRaftKvCluster>(cluster, p => new RaftKvCluster(
            p.Of<ReplicaAccess>(cluster), p.Of<IOptions<RaftKvOptions>>(cluster).Value));
        services.TryAddOf(cluster, p => new RaftKvCoordination(
            p.Of<IDistributedKv>(cluster), p.Of<RaftKvLeases>(cluster), p.Of<ReplicaAccess>(cluster),
            p.Of<IOptions<RaftKvOptions>>(cluster)));
        services.TryAddOf<IRaftKvCoordination>(cluster, p => p.Of<RaftKvCoordination>(cluster));
    }
}
