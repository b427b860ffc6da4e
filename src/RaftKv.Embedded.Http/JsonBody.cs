using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>A response whose body is one JSON value.</summary>
internal static class JsonBody
{
    public const string ContentType = "application/json; charset=utf-8";

    // The answers are JSON documents, never parts of an HTML page, so that quotes and letters need no escapes beyond those of JSON.
    private static readonly JsonWriterOptions Format = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Begins the response and writes its body; the response to HEAD has none.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The status code.</param>
    /// <param name="contentType">The content type.</param>
    /// <param name="state">Given to <paramref name="write"/>.</param>
    /// <param name="write">Writes the value.</param>
    /// <param name="cancellationToken">
    /// Ends the flush: the request's token, or none for an error, because the error may be that the request was cancelled.
    /// </param>
    public static async Task WriteAsync<TState>(HttpContext context, int status, string contentType, TState state,
        Action<Utf8JsonWriter, TState> write, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = null; // An error may take the place of a body whose length was set.
        context.Response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        Write(context.Response.BodyWriter, state, write);
        await context.Response.BodyWriter.FlushAsync(cancellationToken);
    }

    /// <summary>Writes one JSON value into <paramref name="buffer"/>.</summary>
    public static void Write<TState>(IBufferWriter<byte> buffer, TState state, Action<Utf8JsonWriter, TState> write)
    {
        using var json = new Utf8JsonWriter(buffer, Format);
        write(json, state);
    }
}
