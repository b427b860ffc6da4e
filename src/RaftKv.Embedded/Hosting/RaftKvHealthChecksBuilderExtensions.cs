using Microsoft.Extensions.Diagnostics.HealthChecks;
using RaftKv.Embedded;
using RaftKv.Embedded.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the replica to the application's health checks.</summary>
public static class RaftKvHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds two checks. <c>raftkv-live</c>, tagged <c>live</c>, fails when only a restart of the process can help: the replica is faulted.
    /// <c>raftkv-ready</c>, tagged <c>ready</c>, fails while this node does not serve linearizable reads and writes, and says why; it is
    /// degraded while a stall of at least one second is going on. A lost quorum makes a node not ready but leaves it live: restarting it
    /// would not bring the others back.
    /// </summary>
    /// <param name="builder">The builder that <c>services.AddHealthChecks()</c> returned.</param>
    /// <param name="name">
    /// The name that <c>AddKeyedRaftKv</c> was given: its checks are <c>raftkv-NAME-live</c> and <c>raftkv-NAME-ready</c>. <c>null</c>, the
    /// default, for the replica of <c>AddRaftKv</c>.
    /// </param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHealthChecksBuilder AddRaftKv(this IHealthChecksBuilder builder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var prefix = name is null ? "raftkv" : $"raftkv-{name}";
        return builder.Add(Check($"{prefix}-live", name, live: true)).Add(Check($"{prefix}-ready", name, live: false));
    }

    private static HealthCheckRegistration Check(string check, string? name, bool live) => new(
        check, services => new ReplicaHealthCheck(services.Of<IRaftKvCluster>(name), live), failureStatus: null,
        ["raftkv", live ? "live" : "ready"]);
}
