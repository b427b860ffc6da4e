using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Keys and their JSON values: <c>POST /store</c>, <c>GET</c> and <c>DELETE /store/{key}</c>. Any node serves all of these routes.
/// </summary>
internal static class StoreEndpoints
{
    public static void MapReads(IEndpointRouteBuilder routes) =>
        routes.MapRead("/store/{**key}", ApiResponses.Guarded(GetAsync))
            .Describe(OpenApiSignatures.GetStored, "RaftKvStoreGet", OpenApiTags.Article, "Reads a JSON value from this node's own copy.")
            .Answers<Schemas.StoreAnswer>().FailsPlainly(400, 401, 403, 404, 406, 429, 500, 503, 504);

    public static void MapWrites(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/store", ApiResponses.Guarded(StoreAsync))
            .Describe(OpenApiSignatures.Store, "RaftKvStoreSet", OpenApiTags.Article, "Stores a JSON value under a key.")
            .Answers<Schemas.StoreAnswer>().FailsPlainly(400, 401, 403, 413, 429, 500, 503, 504, 507);
        routes.MapDelete("/store/{**key}", ApiResponses.Guarded(DeleteAsync))
            .Describe(OpenApiSignatures.DeleteStored, "RaftKvStoreDelete", OpenApiTags.Article,
                "Deletes a key; one that is not there is no error.")
            .Answers<Schemas.StoreAnswer>().FailsPlainly(400, 401, 403, 429, 500, 503, 504, 507);
    }

    private static async Task StoreAsync(HttpContext context)
    {
        var limits = ServedCluster.Service<IOptions<RaftKvOptions>>(context).Value;
        // A key may be written with six characters, \u0041, for each of its bytes; the rest is room for field names and white space.
        var limit = limits.MaxValueBytes + 6 * limits.MaxKeyBytes + 4096;
        using var body = await RequestBody.ReadJsonAsync(context, limit);
        var (key, value) = RequestFields.ReadStore(body.Bytes);
        var kv = Kv(context);
        var written = await kv.SetAsync(Valid(key), value, cancellationToken: context.RequestAborted);
        await ApiResponses.OkAsync(context, "success persisting data", (key, value, written.Version), WriteEntry);
    }

    private static async Task GetAsync(HttpContext context)
    {
        var key = Valid(RequestKey.Read(context));
        // The article reads the node's own copy, and so does this route unless asked for more.
        var options = new KvReadOptions { Consistency = RequestConsistency.Read(context.Request.Query, KvConsistency.Stale) };
        var found = await Kv(context).GetAsync(key, options, context.RequestAborted);
        if (!found.Found)
            throw new RequestRefusedException(new Problem(StatusCodes.Status404NotFound, "key_not_found", "Key not found."));
        if (!RequestFields.IsJson(found.Value.Span))
            throw new RequestRefusedException(new Problem(StatusCodes.Status406NotAcceptable, "not_json",
                "The key's value is not JSON: it was not written through this route."));
        await ApiResponses.OkAsync(context, "success fetching data", (key, found.Value, found.Version), WriteEntry);
    }

    private static async Task DeleteAsync(HttpContext context)
    {
        var key = Valid(RequestKey.Read(context));
        var kv = Kv(context);
        var deleted = await kv.DeleteAsync(key, cancellationToken: context.RequestAborted);
        await ApiResponses.OkAsync(context, "success removing data", (key, deleted.Applied), static (json, data) =>
        {
            json.WriteStartObject();
            json.WriteString("key"u8, data.key);
            json.WriteNull("value"u8);
            json.WriteBoolean("deleted"u8, data.Applied);
            json.WriteEndObject();
        });
    }

    private static void WriteEntry(Utf8JsonWriter json, (string Key, ReadOnlyMemory<byte> Value, KvVersion Version) entry)
    {
        json.WriteStartObject();
        json.WriteString("key"u8, entry.Key);
        json.WritePropertyName("value"u8);
        json.WriteRawValue(entry.Value.Span, skipInputValidation: true);
        json.WriteNumber("version"u8, entry.Version.Value);
        json.WriteEndObject();
    }

    private static string Valid(string key) =>
        key.Length > 0 ? key : throw RequestRefusedException.BadInput("key", "The key is empty.");

    private static IDistributedKv Kv(HttpContext context) => ServedCluster.Service<IDistributedKv>(context);
}
