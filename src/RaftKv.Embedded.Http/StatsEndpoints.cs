using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>The state of the node and of its process: <c>GET /raft/stats</c> and <c>GET /debug/runtime</c>.</summary>
internal static class StatsEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/raft/stats", ApiResponses.Guarded(static context =>
            ApiResponses.OkAsync(context, "raft status", ServedCluster.Service<IRaftKvCluster>(context).Status, Stats.Write)))
            .Describe(OpenApiSignatures.Nothing, "RaftKvStats", OpenApiTags.Article, "The status under the names of hashicorp/raft.")
            .Answers<Schemas.StatsAnswer>();
        routes.MapRead("/debug/runtime", ApiResponses.Guarded(static context =>
            ApiResponses.OkAsync(context, "runtime status", 0, static (json, _) => RuntimeStats.Write(json))))
            .Describe(OpenApiSignatures.Nothing, "RaftKvRuntime", OpenApiTags.Article, "Garbage collector, thread pool and process.")
            .Answers<Schemas.RuntimeAnswer>();
    }
}
