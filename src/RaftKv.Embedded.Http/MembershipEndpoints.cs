using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>Adds and removes members: <c>POST /raft/join</c> and <c>POST /raft/remove</c>, on any node.</summary>
internal static class MembershipEndpoints
{
    private const int BodyLimit = 16 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/raft/join", ApiResponses.Guarded(JoinAsync))
            .Describe(OpenApiSignatures.Join, "RaftKvJoin", OpenApiTags.Article, "Adds a member; answers once it has caught up and votes.")
            .Answers<Schemas.StatsAnswer>().FailsPlainly(400, 401, 403, 409, 413, 500, 503, 504);
        routes.MapPost("/raft/remove", ApiResponses.Guarded(RemoveAsync))
            .Describe(OpenApiSignatures.Remove, "RaftKvRemove", OpenApiTags.Article, "Removes a member, dead or alive.")
            .Answers<Schemas.StatsAnswer>().FailsPlainly(400, 401, 403, 404, 409, 413, 500, 503, 504);
    }

    private static async Task JoinAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadJsonAsync(context, BodyLimit);
        var (nodeId, address) = RequestFields.ReadTexts(body.Bytes, "node_id", "raft_address");
        var cluster = Cluster(context);
        try
        {
            await cluster.AddMemberAsync(nodeId, address, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput(e.ParamName == "address" ? "raft_address" : "node_id", e);
        }
        await ApiResponses.OkAsync(context, $"node {nodeId} at {address} joined successfully", cluster.Status, Stats.Write);
    }

    private static async Task RemoveAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadJsonAsync(context, BodyLimit);
        var nodeId = RequestFields.ReadText(body.Bytes, "node_id");
        var cluster = Cluster(context);
        try
        {
            await cluster.RemoveMemberAsync(nodeId, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput("node_id", e);
        }
        await ApiResponses.OkAsync(context, $"node {nodeId} removed successfully", cluster.Status, Stats.Write);
    }

    private static IRaftKvCluster Cluster(HttpContext context) => ServedCluster.Service<IRaftKvCluster>(context);
}
