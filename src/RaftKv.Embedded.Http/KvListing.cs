using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// <c>GET /v1/kv?prefix=</c>: keys in their order, one page at a time. A page ends with <c>limit</c> entries or once its values have 4 MiB,
/// and <c>next</c> is then the value of <c>after</c> for the next page.
/// </summary>
internal static class KvListing
{
    private const int PageBytes = 4 * 1024 * 1024;
    private const int FlushBytes = 32 * 1024;

    public static async Task AnswerAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if (!query.TryGetValue("prefix", out var prefix))
            throw RequestRefusedException.BadInput("key", "The request names no key. GET /v1/kv?prefix= lists all of them.");
        var limit = RequestLimit.Read(query);
        var keysOnly = RequestFlag.Read(query, "keysOnly");
        var after = query["after"].ToString();
        var scan = new KvScanOptions
        {
            Consistency = RequestConsistency.Read(query, KvConsistency.Linearizable),
            // One entry more than the page has, to know whether another page follows.
            Limit = limit + 1,
            KeysOnly = keysOnly,
            After = after.Length > 0 ? after : null,
        };
        var range = prefix.ToString() is { Length: > 0 } start ? KvKeyRange.StartingWith(start) : KvKeyRange.All;
        await using var entries = ApiRoute.Kv(context).ScanAsync(range, scan,
            context.RequestAborted).GetAsyncEnumerator(context.RequestAborted);
        // A wrong request and a lost quorum fail the first step, while an error can still be answered.
        bool more;
        try
        {
            more = await entries.MoveNextAsync();
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput("prefix", e);
        }
        await WritePageAsync(context, entries, more, limit, keysOnly);
    }

    private static async Task WritePageAsync(HttpContext context, IAsyncEnumerator<KvEntry> entries, bool more, int limit, bool keysOnly)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        // The first part is kept apart from the response until it is full: an error before that is still answered as an error.
        var part = new ArrayBufferWriter<byte>(FlushBytes);
        await using var body = new StreamedBody(context);
        using var json = new Utf8JsonWriter(part);
        json.WriteStartObject();
        json.WriteStartArray("entries"u8);
        string? last = null;
        long bytes = 0;
        for (var count = 0; more && count < limit && bytes < PageBytes; count++)
        {
            var entry = entries.Current;
            WriteEntry(json, entry, keysOnly);
            last = entry.Key;
            bytes += entry.Value.Length;
            if (json.BytesPending + part.WrittenCount > FlushBytes)
                await SendAsync(context, body, json, part);
            more = await entries.MoveNextAsync();
        }
        json.WriteEndArray();
        if (more)
            json.WriteString("next"u8, last);
        json.WriteEndObject();
        await SendAsync(context, body, json, part);
    }

    private static async Task SendAsync(HttpContext context, StreamedBody body, Utf8JsonWriter json, ArrayBufferWriter<byte> part)
    {
        json.Flush();
        if (!HttpMethods.IsHead(context.Request.Method))
            await body.WriteAsync(part.WrittenMemory, context.RequestAborted);
        part.ResetWrittenCount();
    }

    private static void WriteEntry(Utf8JsonWriter json, KvEntry entry, bool keysOnly)
    {
        json.WriteStartObject();
        json.WriteString("key"u8, entry.Key);
        if (!keysOnly)
        {
            json.WriteNumber("version"u8, entry.Version.Value);
            json.WriteNumber("bytes"u8, entry.Value.Length);
            if (entry.ExpiresAt is { } end)
                json.WriteString("expiresAt"u8, end);
            json.WriteBase64String("value"u8, entry.Value.Span);
        }
        json.WriteEndObject();
    }
}
