using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace RaftKv.Embedded.Http;

/// <summary>Keys and their bytes: <c>/v1/kv/{key}</c>, and the listing <c>/v1/kv?prefix=</c>. Any node takes any of them.</summary>
internal static class KvEndpoints
{
    private static readonly string[] _reads = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/v1/kv/{**key}", _reads, ApiRoute.Guarded(static context =>
            RequestKey.TryRead(context) is { } key ? GetAsync(context, key) : KvListing.AnswerAsync(context)));
        routes.MapPut("/v1/kv/{**key}", ApiRoute.Guarded(PutAsync));
        routes.MapDelete("/v1/kv/{**key}", ApiRoute.Guarded(DeleteAsync));
    }

    private static async Task GetAsync(HttpContext context, string key)
    {
        var query = context.Request.Query;
        if (query.ContainsKey("prefix"))
            throw RequestRefusedException.BadInput("prefix", "The request names a key and a prefix. Choose one.");
        var options = new KvReadOptions { Consistency = RequestConsistency.Read(query, KvConsistency.Linearizable), MinVersion = MinVersion(query) };
        var found = await ApiRoute.Kv(context).GetAsync(key, options, context.RequestAborted);
        ReplicaHeaders.SetVersion(context, found.ReadAt);
        if (!found.Found)
            throw new RequestRefusedException(new Problem(StatusCodes.Status404NotFound, "key_not_found", "Key not found."));

        var response = context.Response;
        response.Headers.ETag = Preconditions.ETag(found.Version);
        response.Headers.CacheControl = "no-cache";
        if (Preconditions.IsKnown(context.Request.Headers, found.Version))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        // The bytes are whatever somebody stored: a browser must not take them for a page.
        response.Headers.XContentTypeOptions = "nosniff";
        response.ContentType = "application/octet-stream";
        response.ContentLength = found.Value.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(found.Value, context.RequestAborted);
    }

    private static async Task PutAsync(HttpContext context)
    {
        var key = RequestKey.Read(context);
        var when = Preconditions.OfWrite(context.Request.Headers);
        var limits = context.RequestServices.GetRequiredService<IOptions<RaftKvOptions>>().Value;
        using var body = await RequestBody.ReadAsync(context, limits.MaxValueBytes);
        var written = await ApiRoute.Kv(context).SetAsync(key, body.Bytes, new KvSetOptions { When = when }, context.RequestAborted);
        if (!written.Applied)
            throw ConditionFailed(when, written.Version);
        ReplicaHeaders.SetVersion(context, written.Version);
        context.Response.Headers.ETag = Preconditions.ETag(written.Version);
        // Only this condition tells whether the key is new.
        var status = when == KvCondition.NotExists ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await ApiRoute.JsonAsync(context, status, (key, written.Version), static (json, data) =>
        {
            json.WriteStartObject();
            json.WriteString("key"u8, data.key);
            json.WriteNumber("version"u8, data.Version.Value);
            json.WriteEndObject();
        });
    }

    private static async Task DeleteAsync(HttpContext context)
    {
        var key = RequestKey.Read(context);
        var when = Preconditions.OfWrite(context.Request.Headers);
        if (when == KvCondition.NotExists)
            throw RequestRefusedException.BadInput("If-None-Match", "A key that does not exist cannot be deleted: If-None-Match has no meaning here.");
        var deleted = await ApiRoute.Kv(context).DeleteAsync(key, when, context.RequestAborted);
        if (!deleted.Applied && when != KvCondition.Always)
            throw ConditionFailed(when, deleted.Version);
        if (deleted.Applied)
            ReplicaHeaders.SetVersion(context, deleted.Version);
        await ApiRoute.JsonAsync(context, StatusCodes.Status200OK, (key, deleted.Applied), static (json, data) =>
        {
            json.WriteStartObject();
            json.WriteString("key"u8, data.key);
            json.WriteBoolean("deleted"u8, data.Applied);
            json.WriteEndObject();
        });
    }

    private static KvVersion MinVersion(IQueryCollection query) => query["minVersion"].ToString() switch
    {
        "" => KvVersion.None,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) => new KvVersion(version),
        _ => throw RequestRefusedException.BadInput("minVersion", "The parameter minVersion is a version as it came in X-RaftKv-Version."),
    };

    private static RequestRefusedException ConditionFailed(KvCondition when, KvVersion current) => new(new Problem(
        StatusCodes.Status412PreconditionFailed, "precondition_failed",
        (when.Kind, current.Value) switch
        {
            (KvConditionKind.NotExists, _) => $"The key exists, at version {current}. Nothing was changed.",
            (_, 0) => "The key does not exist. Nothing was changed.",
            _ => $"The key's version is {current}, not {when.Version}. Nothing was changed.",
        }) { CurrentVersion = current });
}
