using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded.Http.Description;

namespace RaftKv.Embedded.Http;

/// <summary>How the node is: <c>GET /raft/stats</c> and <c>GET /debug/runtime</c>.</summary>
internal static class StatsEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/raft/stats", Answer.Guarded(static context =>
            Answer.OkAsync(context, "raft status", context.RequestServices.GetRequiredService<IRaftKvCluster>().Status, Stats.Write)))
            .Describe(Signatures.Nothing, "RaftKvStats", Tags.Article, "The status under the names of hashicorp/raft.")
            .Answers<Schemas.StatsAnswer>();
        routes.MapRead("/debug/runtime", Answer.Guarded(static context =>
            Answer.OkAsync(context, "runtime status", 0, static (json, _) => RuntimeStats.Write(json))))
            .Describe(Signatures.Nothing, "RaftKvRuntime", Tags.Article, "Garbage collector, thread pool and process.")
            .Answers<Schemas.RuntimeAnswer>();
    }
}
