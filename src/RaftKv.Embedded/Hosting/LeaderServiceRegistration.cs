using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Hosting;

/// <summary>A leader service that the application has added.</summary>
/// <param name="Name">The name, the same on all nodes.</param>
/// <param name="Work">The work, which runs on one node at a time.</param>
/// <param name="Options">How leadership is held.</param>
internal sealed record LeaderServiceRegistration(
    string Name, Func<KvLock, IServiceProvider, CancellationToken, Task> Work, RaftKvLeaderServiceOptions Options)
{
    /// <summary>The name of the lock that the leader of a service holds.</summary>
    public static string LockOf(string name) => "leader-services/" + name;

    /// <summary>The key that says which node runs a service. It is bound to the leader's lease.</summary>
    public static string StatusKeyOf(string name) => ReservedKeys.OwnPrefix + "leader-services/" + name;

    /// <exception cref="InvalidOperationException">A service of that name was added before.</exception>
    public static void Add(IRaftKvBuilder builder, LeaderServiceRegistration added)
    {
        var (services, cluster) = (builder.Services, builder.Name);
        if (services.Any(s => Equals(s.ServiceKey, cluster) && InstanceOf(s)?.Name == added.Name))
        {
            throw new InvalidOperationException(
                $"A leader service with the name '{added.Name}' was added before. Give each a name of its own.");
        }
        services.Add(new ServiceDescriptor(typeof(LeaderServiceRegistration), cluster, added));
        services.TryAddOf(cluster, p => new LeaderServices(
            [.. p.AllOf<LeaderServiceRegistration>(cluster).Select(service => Create(p, cluster, service))],
            p.Of<IDistributedKv>(cluster)));
        services.TryAddOf<IRaftKvLeaderServices>(cluster, p => p.Of<LeaderServices>(cluster));
        services.AddSingleton<IHostedService>(p => p.Of<LeaderServices>(cluster).Get(added.Name)!);
    }

    private static LeaderServiceRegistration? InstanceOf(ServiceDescriptor service) =>
        (service.IsKeyedService ? service.KeyedImplementationInstance : service.ImplementationInstance) as LeaderServiceRegistration;

    private static LeaderServiceRunner Create(IServiceProvider services, string? cluster, LeaderServiceRegistration service) => new(
        service, services, new LeaderServiceNode(
            services.Of<IDistributedKv>(cluster), services.Of<IRaftKvCoordination>(cluster), services.Of<ReplicaClock>(cluster),
            services.Of<IOptions<RaftKvOptions>>(cluster).Value.NodeId),
        services.Of<ReplicaAccess>(cluster).Stopping, services.Of<Observers>(cluster).CreateLogger("RaftKv.Embedded.LeaderServices"));
}
