using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>The cluster below <c>/v1/cluster</c>: its status, and what operators change.</summary>
internal static class ClusterEndpoints
{
    private const int BodyLimit = 16 * 1024;

    public static void MapStatus(IEndpointRouteBuilder routes) =>
        routes.MapRead("/v1/cluster", ApiRoute.Guarded(AnswerStatusAsync))
            .Describe(OpenApiSignatures.Nothing, "RaftKvStatus", OpenApiTags.Cluster,
                "This node, its log, the members and the last elections.")
            .Answers<Schemas.Status>();

    public static void MapChanges(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/cluster/members", ApiRoute.Guarded(AddAsync))
            .Describe(OpenApiSignatures.AddMember, "RaftKvAddMember", OpenApiTags.Cluster,
                "Adds a member: a learner first, a voter once it has caught up, or a learner for good.")
            .Answers<Schemas.Status>().Fails(400, 401, 403, 409, 413, 500, 503, 504);
        routes.MapPost("/v1/cluster/members/{nodeId}/promote", ApiRoute.Guarded(PromoteAsync))
            .Describe(OpenApiSignatures.PromoteMember, "RaftKvPromoteMember", OpenApiTags.Cluster,
                "Makes a learner a voter once it has caught up.")
            .Answers<Schemas.Status>().Fails(401, 403, 404, 409, 500, 503, 504);
        routes.MapPost("/v1/cluster/members/{nodeId}/replace", ApiRoute.Guarded(ReplaceAsync))
            .Describe(OpenApiSignatures.ReplaceMember, "RaftKvReplaceMember", OpenApiTags.Cluster,
                "Puts a new node in the place of a member, dead or alive.",
                "The new node is added and caught up before the old one is removed, so that there is a quorum all the time. "
                + "After a failure the same request goes on where it stopped.")
            .Answers<Schemas.Status>().Fails(400, 401, 403, 404, 409, 413, 500, 503, 504);
        routes.MapDelete("/v1/cluster/members/{nodeId}", ApiRoute.Guarded(RemoveAsync))
            .Describe(OpenApiSignatures.RemoveMember, "RaftKvRemoveMember", OpenApiTags.Cluster, "Removes a member, dead or alive.")
            .Answers<Schemas.Status>().Fails(400, 401, 403, 404, 409, 500, 503, 504);
        routes.MapPost("/v1/cluster/transfer", ApiRoute.Guarded(TransferAsync))
            .Describe(OpenApiSignatures.Transfer, "RaftKvTransferLeadership", OpenApiTags.Cluster, "Hands the leadership over.")
            .Answers<Schemas.Status>().Fails(400, 401, 403, 404, 409, 413, 500, 503);
        routes.MapPost("/v1/cluster/snapshot", ApiRoute.Guarded(SnapshotAsync))
            .Describe(OpenApiSignatures.Nothing, "RaftKvTakeSnapshot", OpenApiTags.Cluster,
                "Writes a snapshot of this node and truncates its log.")
            .Answers<Schemas.Snapshot>().Fails(401, 403, 500, 503, 507);
    }

    private static async Task AddAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadJsonAsync(context, BodyLimit);
        var (nodeId, address) = RequestFields.ReadTexts(body.Bytes, "nodeId", "address");
        var role = RequestFields.ReadOptionalText(body.Bytes, "role") switch
        {
            null or "voter" => RaftKvMemberRole.Voter,
            "learner" => RaftKvMemberRole.Learner,
            _ => throw RequestRefusedException.BadInput("role", "The field role is voter or learner."),
        };
        try
        {
            await ApiRoute.Cluster(context).AddMemberAsync(nodeId, address, role, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput(e.ParamName == "address" ? "address" : "nodeId", e);
        }
        await AnswerStatusAsync(context);
    }

    private static async Task PromoteAsync(HttpContext context)
    {
        var cluster = ApiRoute.Cluster(context);
        var nodeId = (string)context.GetRouteValue("nodeId")!;
        var member = cluster.Status.Members.FirstOrDefault(m => m.NodeId == nodeId)
            ?? throw MemberNotFound(nodeId);
        await cluster.AddMemberAsync(nodeId, member.Address, RaftKvMemberRole.Voter, context.RequestAborted);
        await AnswerStatusAsync(context);
    }

    private static async Task ReplaceAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadJsonAsync(context, BodyLimit);
        var (nodeId, address) = RequestFields.ReadTexts(body.Bytes, "nodeId", "address");
        var cluster = ApiRoute.Cluster(context);
        var old = (string)context.GetRouteValue("nodeId")!;
        // The old node may be missing when an earlier attempt has removed it; the new node is then a member. When neither node is a member,
        // the request would add a node and replace none.
        if (!cluster.Status.Members.Any(m => m.NodeId == old || m.NodeId == nodeId))
            throw MemberNotFound(old);
        try
        {
            await cluster.ReplaceMemberAsync(old, nodeId, address, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput(e.ParamName is "newAddress" or "address" ? "address" : "nodeId", e);
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

    private static RequestRefusedException MemberNotFound(string nodeId) =>
        new(new Problem(StatusCodes.Status404NotFound, "member_not_found", $"No member is called {nodeId}. Nothing was changed."));

    private static Task AnswerStatusAsync(HttpContext context)
    {
        var status = ApiRoute.Cluster(context).Status;
        ReplicaHeaders.Set(context, status);
        return ApiRoute.JsonAsync(context, StatusCodes.Status200OK, status, StatusJson.Write);
    }
}
