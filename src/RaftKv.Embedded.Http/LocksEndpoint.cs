using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>
/// <c>GET /v1/locks</c>: the locks and leader elections that have a holder: the holder, when it asked, how many wait, and the holder's
/// lease. The first 100 in the order of their names.
/// </summary>
internal static class LocksEndpoint
{
    private const int MostLocks = 100;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapRead("/v1/locks", ApiRoute.Guarded(AnswerAsync))
            .Describe(OpenApiSignatures.Nothing, "RaftKvLocks", OpenApiTags.Keys,
                "Lists the locks and leader elections that have a holder: the holder, its lease, and how many wait.")
            .Answers<Schemas.Locks>().Fails(401, 403, 429, 500, 503, 504);

    private static async Task AnswerAsync(HttpContext context)
    {
        var coordination = ServedCluster.Service<IRaftKvCoordination>(context);
        var leases = ServedCluster.Service<IRaftKvLeases>(context);
        var kv = ApiRoute.Kv(context);
        var held = new List<HeldLock>();
        var hasMore = false;
        await foreach (var child in kv.ListChildrenAsync(ReservedKeys.LocksPrefix, cancellationToken: context.RequestAborted))
        {
            if (!child.IsGroup)
                continue;
            hasMore = held.Count == MostLocks;
            if (hasMore)
                break;
            var name = LockQueue.NameOf(child.Name);
            // A group below the prefix is a held lock only when it has a name and a holder.
            if (name.Length == 0 || await coordination.GetHolderAsync(name, context.RequestAborted) is not { } holder)
                continue;
            held.Add(new HeldLock(name, holder, holder.LeaseId == 0 ? null
                : await leases.GetAsync(holder.LeaseId, context.RequestAborted)));
        }
        await ApiRoute.JsonAsync(context, StatusCodes.Status200OK, (Locks: held, HasMore: hasMore), Write);
    }

    private static void Write(Utf8JsonWriter json, (List<HeldLock> Locks, bool HasMore) data)
    {
        json.WriteStartObject();
        json.WriteStartArray("locks"u8);
        foreach (var held in data.Locks)
            held.Write(json);
        json.WriteEndArray();
        json.WriteBoolean("more"u8, data.HasMore);
        json.WriteEndObject();
    }
}
