using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Writes the two shapes of a body: <c>{"message", "data"}</c> for success, <c>{"error", "code"}</c> for everything else; and turns what a
/// handler throws into the latter.
/// </summary>
internal static class Answer
{
    // The answers are JSON documents, never parts of an HTML page, so that quotes and letters need no escapes beyond those of JSON.
    private static readonly JsonWriterOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Success: <paramref name="data"/> writes the value of <c>data</c>.</summary>
    public static async Task OkAsync<TState>(HttpContext context, string message, TState state, Action<Utf8JsonWriter, TState> data)
    {
        Begin(context, StatusCodes.Status200OK);
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter, _json))
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
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter, _json))
        {
            json.WriteStartObject();
            json.WriteString("error"u8, problem.Error);
            json.WriteString("code"u8, problem.Code);
            if (problem.Field is { } field)
                json.WriteString("field"u8, field);
            json.WriteEndObject();
        }
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>The handler with its exceptions answered.</summary>
    public static RequestDelegate Guarded(RequestDelegate handler) => Guarded(handler, ProblemAsync);

    /// <summary>The handler with its exceptions answered by <paramref name="answer"/>.</summary>
    public static RequestDelegate Guarded(RequestDelegate handler, Func<HttpContext, Problem, Task> answer) => async context =>
    {
        Problem problem;
        try
        {
            await handler(context);
            return;
        }
        catch (RequestRefusedException e) when (!context.Response.HasStarted)
        {
            problem = e.Problem;
        }
        catch (RaftKvException e) when (!context.Response.HasStarted)
        {
            problem = Problem.From(e);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            // The server's own limits: too slow, too large, cut off.
            problem = new Problem(e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? "request_too_large" : "invalid_body", e.Message, "body");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // The client has gone; nobody reads an answer.
        }
        await answer(context, problem);
    };

    private static void Begin(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
    }
}
