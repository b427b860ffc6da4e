using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Keys and their bytes: <c>/v1/kv/{key}</c>, and the listing <c>/v1/kv?prefix=</c>. Any node serves all of these routes.
/// </summary>
internal static class KvEndpoints
{
    private const string Pattern = "/v1/kv/{**key}";
    private const string Listing = "/v1/kv";

    public static void MapReads(IEndpointRouteBuilder routes)
    {
        RequestDelegate read = ApiRoute.Guarded(static context =>
            RequestKey.TryRead(context) is { } key ? GetAsync(context, key) : KvListing.AnswerAsync(context));
        routes.MapRead(Pattern, read)
            .Describe(OpenApiSignatures.GetKey, "RaftKvGet", OpenApiTags.Keys, "Reads the bytes of a key.",
                "The answer's ETag is the key's version. X-RaftKv-Version is the position in the log that it reflects.")
            .AnswersBytes("application/octet-stream").AnswersNothing(304).Fails(400, 401, 403, 404, 429, 500, 503, 504);
        routes.MapRead(Listing, read)
            .Describe(OpenApiSignatures.ListKeys, "RaftKvList", OpenApiTags.Keys, "Lists keys by prefix, in order, page by page.")
            .Answers<Schemas.Page>().Fails(400, 401, 403, 429, 500, 503, 504);
    }

    public static void MapWrites(IEndpointRouteBuilder routes)
    {
        var once = new IdempotentWrites(routes.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System);
        RequestDelegate put = ApiRoute.Guarded(context => PutAsync(context, once));
        RequestDelegate delete = ApiRoute.Guarded(context => DeleteAsync(context, once));
        routes.MapPut(Pattern, put)
            .Describe(OpenApiSignatures.PutKey, "RaftKvPut", OpenApiTags.Keys, "Stores the body's bytes under a key.",
                "Answered once they are on the disks of a majority. 503 says that nothing was written, 504 that the outcome is unknown.")
            .Answers<Schemas.Written>().Answers<Schemas.Written>(201).Fails(400, 401, 403, 412, 413, 421, 422, 429, 500, 503, 504, 507);
        routes.MapDelete(Pattern, delete)
            .Describe(OpenApiSignatures.DeleteKey, "RaftKvDelete", OpenApiTags.Keys, "Deletes a key; one that is not there is no error.")
            .Answers<Schemas.Deleted>().Fails(400, 401, 403, 412, 421, 422, 429, 500, 503, 504, 507);
        // The same handlers for keys in the query.
        routes.MapPut(Listing, put).ExcludeFromDescription();
        routes.MapDelete(Listing, delete).ExcludeFromDescription();
    }

    private static async Task GetAsync(HttpContext context, string key)
    {
        var query = context.Request.Query;
        if (query.ContainsKey("prefix"))
            throw RequestRefusedException.BadInput("prefix", "The request names a key and a prefix. Choose one.");
        var consistency = RequestConsistency.Read(query, KvConsistency.Linearizable);
        var options = new KvReadOptions
        {
            Consistency = consistency,
            MinVersion = RequestVersion.Read(query, "minVersion") ?? KvVersion.None,
            MaxAge = MaxAge(query, consistency),
        };
        var found = await ApiRoute.Kv(context).GetAsync(key, options, context.RequestAborted);
        ReplicaHeaders.SetVersion(context, found.ReadAt);
        if (!found.Found)
            throw new RequestRefusedException(new Problem(StatusCodes.Status404NotFound, "key_not_found", "Key not found."));

        var response = context.Response;
        response.Headers.ETag = EntityTag.Of(found.Version);
        response.Headers.CacheControl = "no-cache";
        ReplicaHeaders.SetExpiry(context, found.ExpiresAt);
        if (EntityTag.IsKnown(context.Request.Headers, found.Version))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        // The bytes come from clients: a browser must not guess that they are a page.
        response.Headers.XContentTypeOptions = "nosniff";
        response.ContentType = "application/octet-stream";
        response.ContentLength = found.Value.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(found.Value, context.RequestAborted);
    }

    private static async Task PutAsync(HttpContext context, IdempotentWrites once)
    {
        var key = RequestKey.Read(context);
        Forwarding.Refuse(context);
        var when = WriteCondition.Read(context.Request.Headers);
        var lifetime = RequestLifetime.Read(context.Request);
        var idempotencyKey = IdempotentWrites.KeyOf(context.Request);
        var limits = ServedCluster.Service<IOptions<RaftKvOptions>>(context).Value;
        using var body = await RequestBody.ReadAsync(context, limits.MaxValueBytes);
        var kv = ApiRoute.Kv(context);
        var fingerprint = idempotencyKey is null ? ""
            : IdempotentWrites.Fingerprint("PUT", key, when.Text + lifetime.Text, body.Bytes.Span);
        var (written, isReplay) = await when.WriteAsync(() => VersionAsync(context, key), async condition => idempotencyKey is null
            ? (await kv.SetAsync(key, body.Bytes, lifetime.ToOptions(condition), context.RequestAborted), false)
            : await once.SetAsync(
                kv, new(idempotencyKey, fingerprint, key, condition), body.Bytes, lifetime.ToOptions(), context.RequestAborted));
        if (!written.Applied)
            throw when.Failed(written.Version);
        SayReplay(context, isReplay);
        ReplicaHeaders.SetVersion(context, written.Version);
        context.Response.Headers.ETag = EntityTag.Of(written.Version);
        // Only this condition tells whether the key is new.
        var status = when.IsNotExists ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        var expiresAt = lifetime.IsGiven ? await ExpiryAsync(context, key, written.Version) : null;
        await ApiRoute.JsonAsync(context, status, (key, written.Version, expiresAt), static (json, data) =>
        {
            json.WriteStartObject();
            json.WriteString("key"u8, data.key);
            json.WriteNumber("version"u8, data.Version.Value);
            if (data.expiresAt is { } end)
                json.WriteString("expiresAt"u8, end);
            json.WriteEndObject();
        });
        await PurgeAsync(context, once, kv, idempotencyKey);
    }

    private static async Task DeleteAsync(HttpContext context, IdempotentWrites once)
    {
        var key = RequestKey.Read(context);
        Forwarding.Refuse(context);
        var when = WriteCondition.Read(context.Request.Headers);
        if (when.IsNotExists)
            throw RequestRefusedException.BadInput(
                "If-None-Match", "A key that does not exist cannot be deleted: If-None-Match has no meaning here.");
        var idempotencyKey = IdempotentWrites.KeyOf(context.Request);
        var kv = ApiRoute.Kv(context);
        var fingerprint = idempotencyKey is null ? "" : IdempotentWrites.Fingerprint("DELETE", key, when.Text, []);
        var (deleted, isReplay) = await when.WriteAsync(() => VersionAsync(context, key), async condition => idempotencyKey is null
            ? (await kv.DeleteAsync(key, new() { When = condition }, context.RequestAborted), false)
            : await once.DeleteAsync(kv, new(idempotencyKey, fingerprint, key, condition), context.RequestAborted));
        if (!deleted.Applied && !when.IsAlways)
            throw when.Failed(deleted.Version);
        SayReplay(context, isReplay);
        if (deleted.Applied)
            ReplicaHeaders.SetVersion(context, deleted.Version);
        await ApiRoute.JsonAsync(context, StatusCodes.Status200OK, (key, deleted.Applied), static (json, data) =>
        {
            json.WriteStartObject();
            json.WriteString("key"u8, data.key);
            json.WriteBoolean("deleted"u8, data.Applied);
            json.WriteEndObject();
        });
        await PurgeAsync(context, once, kv, idempotencyKey);
    }

    private static void SayReplay(HttpContext context, bool isReplay)
    {
        if (isReplay)
            context.Response.Headers[IdempotentWrites.Replayed] = "true";
    }

    // The client gets its whole answer first: a failure to delete old records must not become an error of its request.
    private static async Task PurgeAsync(HttpContext context, IdempotentWrites once, IDistributedKv kv, string? idempotencyKey)
    {
        if (idempotencyKey is null)
            return;
        await context.Response.CompleteAsync();
        try
        {
            await once.PurgeAsync(kv, context.RequestAborted);
        }
        catch (Exception e) when (e is RaftKvException or OperationCanceledException)
        {
            // The next write tries again.
        }
    }

    private static TimeSpan? MaxAge(IQueryCollection query, KvConsistency consistency) => query["maxAge"].ToString() switch
    {
        "" => null,
        _ when consistency != KvConsistency.Stale =>
            throw RequestRefusedException.BadInput("maxAge",
                "The parameter maxAge goes with stale reads; the others see every acknowledged write."),
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) =>
            TimeSpan.FromMilliseconds(milliseconds),
        _ => throw RequestRefusedException.BadInput("maxAge", "The parameter maxAge is a number of milliseconds."),
    };

    private static async Task<KvVersion> VersionAsync(HttpContext context, string key) =>
        (await ApiRoute.Kv(context).GetAsync(key, cancellationToken: context.RequestAborted)).Version;

    // The write is done: the request must not fail because the expiry cannot be read.
    private static async Task<DateTimeOffset?> ExpiryAsync(HttpContext context, string key, KvVersion version)
    {
        try
        {
            var options = new KvReadOptions { Consistency = KvConsistency.Stale, MinVersion = version };
            var found = await ApiRoute.Kv(context).GetAsync(key, options, context.RequestAborted);
            return found.Version == version ? found.ExpiresAt : null;
        }
        catch (RaftKvException)
        {
            return null;
        }
    }
}
