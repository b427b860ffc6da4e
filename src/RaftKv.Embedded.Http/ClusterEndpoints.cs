using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RaftKv.Embedded.Http;

/// <summary>The cluster below <c>/v1/cluster</c>: its status, which anybody may ask, and what operators change.</summary>
internal static class ClusterEndpoints
{
    private const int BodyLimit = 16 * 1024;

    public static void MapStatus(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/cluster", ApiRoute.Guarded(AnswerStatusAsync));

    public static void MapChanges(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/cluster/members", ApiRoute.Guarded(AddAsync));
        routes.MapDelete("/v1/cluster/members/{nodeId}", ApiRoute.Guarded(RemoveAsync));
        routes.MapPost("/v1/cluster/transfer", ApiRoute.Guarded(TransferAsync));
        routes.MapPost("/v1/cluster/snapshot", ApiRoute.Guarded(SnapshotAsync));
    }

    private static async Task AddAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadJsonAsync(context, BodyLimit);
        var (nodeId, address) = RequestFields.ReadTexts(body.Bytes, "nodeId", "address");
        try
        {
            await ApiRoute.Cluster(context).AddMemberAsync(nodeId, address, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput(e.ParamName == "address" ? "address" : "nodeId", e);
        }
        await AnswerStatusAsync(context);
    }

    private static async Task RemoveAsync(HttpContext context)
    {
        try
        {
            await ApiRoute.Cluster(context).RemoveMemberAsync((string)context.GetRouteValue("nodeId")!, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput("nodeId", e);
        }
        await AnswerStatusAsync(context);
    }

    private static async Task TransferAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadJsonAsync(context, BodyLimit);
        var to = RequestFields.ReadOptionalText(body.Bytes, "to");
        try
        {
            await ApiRoute.Cluster(context).TransferLeadershipAsync(to, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput("to", e);
        }
        await AnswerStatusAsync(context);
    }

    private static async Task SnapshotAsync(HttpContext context)
    {
        var version = await ApiRoute.Cluster(context).TakeSnapshotAsync(context.RequestAborted);
        await ApiRoute.JsonAsync(context, StatusCodes.Status200OK, version, static (json, version) =>
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, version.Value);
            json.WriteEndObject();
        });
    }

    private static Task AnswerStatusAsync(HttpContext context)
    {
        var status = ApiRoute.Cluster(context).Status;
        ReplicaHeaders.Set(context, status);
        return ApiRoute.JsonAsync(context, StatusCodes.Status200OK, status, StatusJson.Write);
    }
}
