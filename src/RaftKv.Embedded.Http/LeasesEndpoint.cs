using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>
/// <c>GET /v1/leases</c>: the leases of the cluster in the order of their ids, page by page, with what is left of their time, how many keys
/// each has, and the first 10 of the keys. The holder is included for a lease of a lock.
/// </summary>
internal static class LeasesEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapRead("/v1/leases", ApiRoute.Guarded(AnswerAsync))
            .Describe(OpenApiSignatures.ListLeases, "RaftKvLeases", OpenApiTags.Keys, "Lists the leases of the cluster, page by page.")
            .Answers<Schemas.Leases>().Fails(400, 401, 403, 429, 500, 503, 504);

    private static async Task AnswerAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var limit = RequestLimit.Read(query);
        // One lease more than the page has, to know whether another page follows. A page of the largest size may be followed by an empty
        // one.
        var asked = Math.Min(limit + 1, RequestLimit.Most);
        var leases = ServedCluster.Service<IRaftKvLeases>(context);
        var found = await leases.ListAsync(After(query["after"].ToString()), asked, context.RequestAborted);
        await ApiRoute.JsonAsync(context, StatusCodes.Status200OK, (Leases: found.Take(limit), HasMore: found.Count == asked), Write);
    }

    private static void Write(Utf8JsonWriter json, (IEnumerable<KvLeaseSummary> Leases, bool HasMore) data)
    {
        long last = 0;
        json.WriteStartObject();
        json.WriteStartArray("leases"u8);
        foreach (var lease in data.Leases)
        {
            Write(json, lease);
            last = lease.LeaseId;
        }
        json.WriteEndArray();
        if (data.HasMore)
            json.WriteNumber("next"u8, last);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, KvLeaseSummary lease)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, lease.LeaseId);
        if (lease.Holder is { } holder)
            json.WriteString("holder"u8, holder);
        json.WriteNumber("timeToLiveMs"u8, (long)lease.TimeToLive.TotalMilliseconds);
        json.WriteNumber("remainingMs"u8, (long)lease.Remaining.TotalMilliseconds);
        json.WriteNumber("keyCount"u8, lease.KeyCount);
        json.WriteStartArray("keys"u8);
        foreach (var key in lease.FirstKeys)
            json.WriteStringValue(key);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static long After(string text) => text.Length == 0 ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
        : throw RequestRefusedException.BadInput("after", "The parameter after is the next of the page before: the id of a lease.");
}
