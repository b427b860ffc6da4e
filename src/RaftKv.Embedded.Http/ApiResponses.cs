using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// What the article's routes have in common: the two shapes of a body, <c>{"message", "data"}</c> for success and <c>{"error", "code"}</c>
/// for errors, and the refusal of requests from pages of other sites.
/// </summary>
internal static class ApiResponses
{
    /// <summary>Answers 200: <paramref name="data"/> writes the value of the field <c>data</c>.</summary>
    public static Task OkAsync<TState>(HttpContext context, string message, TState state, Action<Utf8JsonWriter, TState> data) =>
        JsonBody.WriteAsync(context, StatusCodes.Status200OK, JsonBody.ContentType, (Message: message, State: state, Data: data),
            static (json, body) =>
            {
                json.WriteStartObject();
                json.WriteString("message"u8, body.Message);
                json.WritePropertyName("data"u8);
                body.Data(json, body.State);
                json.WriteEndObject();
            }, context.RequestAborted);

    public static Task ProblemAsync(HttpContext context, Problem problem)
    {
        if (problem.RetryAfter)
            context.Response.Headers.RetryAfter = "1";
        return JsonBody.WriteAsync(context, problem.Status, JsonBody.ContentType, problem, static (json, problem) =>
        {
            json.WriteStartObject();
            json.WriteString("error"u8, problem.Error);
            json.WriteString("code"u8, problem.Code);
            if (problem.Field is { } field)
                json.WriteString("field"u8, field);
            json.WriteEndObject();
        }, CancellationToken.None);
    }

    /// <summary>
    /// Wraps a handler: requests from pages of other sites are refused, and exceptions of the handler are answered as errors.
    /// </summary>
    public static RequestDelegate Guarded(RequestDelegate handler) => RouteHandler.Create(RouteHandler.Guard(handler), ProblemAsync);
}
