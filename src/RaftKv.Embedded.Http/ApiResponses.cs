using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// What the article's routes have in common: the two shapes of a body, <c>{"message", "data"}</c> for success and <c>{"error", "code"}</c>
/// for errors, and the refusal of requests from pages of other sites.
/// </summary>
internal static class ApiResponses
{
    // The answers are JSON documents, never parts of an HTML page, so that quotes and letters need no escapes beyond those of JSON.
    internal static readonly JsonWriterOptions JsonFormat = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Success: <paramref name="data"/> writes the value of <c>data</c>.</summary>
    public static async Task OkAsync<TState>(HttpContext context, string message, TState state, Action<Utf8JsonWriter, TState> data)
    {
        Begin(context, StatusCodes.Status200OK);
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter, JsonFormat))
        {
            json.WriteStartObject();
            json.WriteString("message"u8, message);
            json.WritePropertyName("data"u8);
            data(json, state);
            json.WriteEndObject();
        }
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    public static async Task ProblemAsync(HttpContext context, Problem problem)
    {
        Begin(context, problem.Status);
        if (problem.RetryAfter)
            context.Response.Headers.RetryAfter = "1";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter, JsonFormat))
        {
            json.WriteStartObject();
            json.WriteString("error"u8, problem.Error);
            json.WriteString("code"u8, problem.Code);
            if (problem.Field is { } field)
                json.WriteString("field"u8, field);
            json.WriteEndObject();
        }
        await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
    }

    /// <summary>The handler, for requests that the app's own pages and programs send, with its exceptions answered.</summary>
    public static RequestDelegate Guarded(RequestDelegate handler) => RouteHandler.Create(async context =>
    {
        RequestHost.Check(context);
        await RequestOrigin.CheckAsync(context);
        await handler(context);
    }, ProblemAsync);

    private static void Begin(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = null; // An error may take the place of a body whose length was set.
        context.Response.Headers.CacheControl = "no-store";
    }
}
