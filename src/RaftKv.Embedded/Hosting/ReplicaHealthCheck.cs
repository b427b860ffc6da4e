using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RaftKv.Embedded.Hosting;

/// <summary>A health check on the status of the replica: liveness, or readiness.</summary>
internal sealed class ReplicaHealthCheck(IRaftKvCluster cluster, bool live) : IHealthCheck
{
    private static readonly TimeSpan DegradedAfter = TimeSpan.FromSeconds(1);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = cluster.Status;
        var data = new Dictionary<string, object>
        {
            ["node"] = status.NodeId,
            ["role"] = status.Role.ToString(),
            ["leader"] = status.LeaderId ?? "",
            ["term"] = status.Term,
        };
        var reason = Readiness.Of(status);
        var fails = live ? !Readiness.IsAlive(status) : reason is not null;
        if (!live && reason is null && status.Stalls.Any(s => s.IsOngoing && s.Duration >= DegradedAfter))
            return Task.FromResult(HealthCheckResult.Degraded(Readiness.Stall(status), data: data));
        return Task.FromResult(fails
            ? new HealthCheckResult(context.Registration.FailureStatus, reason?.Text, data: data)
            : HealthCheckResult.Healthy(reason?.Text ?? $"{status.NodeId} serves, and {status.LeaderId ?? "no node yet"} leads.", data));
    }
}
