using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RaftKv.Embedded;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Hosting;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Testing;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts the store in memory into an application under test.</summary>
public static class InMemoryRaftKvServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="InMemoryRaftKv"/>, and with it <see cref="IDistributedKv"/>, <see cref="IRaftKvLeases"/>,
    /// <see cref="IRaftKvCoordination"/>, <see cref="IRaftKvCluster"/> and, unless there is one, <see cref="IDistributedCache"/>. It takes
    /// the place of the replica of an <c>AddRaftKv</c> before it, with that one's options: nothing is written to its directory, and nothing
    /// listens. Time is the <see cref="TimeProvider"/> of the services, the system's if there is none.
    /// </summary>
    /// <param name="services">The services of the application or the test.</param>
    /// <param name="configure">Sets the options, for example the limits.</param>
    public static IRaftKvBuilder AddInMemoryRaftKv(this IServiceCollection services, Action<RaftKvOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (!services.Any(s => s.ImplementationInstance is RegisteredCluster { Name: null }))
            services.AddLogging().AddRaftKv(static _ => { });
        services.Configure(configure ?? (static _ => { })).PostConfigure<RaftKvOptions>(InMemoryOptions.Apply);
        services.TryAddSingleton(p => new InMemoryRaftKv(p.GetService<TimeProvider>() ?? TimeProvider.System,
            p.GetRequiredService<IOptions<RaftKvOptions>>().Value, p.GetRequiredService<ReservedKeys>(),
            p.GetRequiredService<Observers>()));
        Replace<ReplicaOpener>(services, p => new InMemoryOpener(p));
        Replace(services, p => p.Replica.Clock);
        Replace(services, p => p.Access);
        Replace(services, p => p.Kv);
        Replace(services, p => p.OwnLeases);
        Replace(services, p => p.OwnCoordination);
        Replace<IDistributedKv>(services, p => p);
        Replace(services, p => p.Leases);
        Replace(services, p => p.Coordination);
        Replace(services, p => p.Cluster);
        var builder = new RaftKvBuilder(services, null);
        if (!services.Any(s => s.ServiceType == typeof(IDistributedCache) && !s.IsKeyedService))
            builder.AddDistributedCache();
        return builder;
    }

    private static void Replace<T>(IServiceCollection services, Func<InMemoryRaftKv, T> part) where T : class
    {
        foreach (var own in services.Where(s => s.ServiceType == typeof(T) && !s.IsKeyedService).ToList())
            services.Remove(own);
        services.AddSingleton(p => part(p.GetRequiredService<InMemoryRaftKv>()));
    }
}
