using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace RaftKv.Embedded.Http;

/// <summary>Members come and go: <c>POST /raft/join</c> and <c>POST /raft/remove</c>, on any node.</summary>
internal static class MembershipEndpoints
{
    private const int BodyLimit = 16 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/raft/join", Answer.Guarded(JoinAsync));
        routes.MapPost("/raft/remove", Answer.Guarded(RemoveAsync));
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
        await Answer.OkAsync(context, $"node {nodeId} at {address} joined successfully", cluster.Status, Stats.Write);
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
        await Answer.OkAsync(context, $"node {nodeId} removed successfully", cluster.Status, Stats.Write);
    }

    private static IRaftKvCluster Cluster(HttpContext context) => context.RequestServices.GetRequiredService<IRaftKvCluster>();
}
