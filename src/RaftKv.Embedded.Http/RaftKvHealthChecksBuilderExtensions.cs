using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RaftKv.Embedded.Http;

/// <summary>Adds the replica to the application's health checks.</summary>
public static class RaftKvHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds two checks. <c>raftkv-live</c>, tagged <c>live</c>, fails when only a restart of the process can help: the replica is faulted.
    /// <c>raftkv-ready</c>, tagged <c>ready</c>, fails while this node does not serve linearizable reads and writes, and says why. A lost quorum
    /// makes a node not ready but leaves it live: restarting it would not bring the others back.
    /// </summary>
    /// <param name="builder">What <c>services.AddHealthChecks()</c> returned.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHealthChecksBuilder AddRaftKv(this IHealthChecksBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder
            .Add(new HealthCheckRegistration("raftkv-live", static services => Check(services, live: true), failureStatus: null, ["raftkv", "live"]))
            .Add(new HealthCheckRegistration("raftkv-ready", static services => Check(services, live: false), failureStatus: null, ["raftkv", "ready"]));
    }

    private static ReplicaHealthCheck Check(IServiceProvider services, bool live) => new(services.GetRequiredService<IRaftKvCluster>(), live);
}
