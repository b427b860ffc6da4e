using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace RaftKv.Embedded.Http;

/// <summary>
/// What the routes below <c>/v1</c> have in common: headers that tell the node's state, errors as problem details (RFC 9457) with a stable
/// <c>code</c>, and the refusal of requests from pages of other sites.
/// </summary>
internal static class ApiRoute
{
    /// <summary>As <see cref="Open"/>, but requests from pages of other sites are refused.</summary>
    public static RequestDelegate Guarded(RequestDelegate handler) => Open(RouteHandler.Guard(handler));

    /// <summary>Wraps a handler: the headers of the node's state are set, and exceptions of the handler are answered as errors.</summary>
    public static RequestDelegate Open(RequestDelegate handler) => RouteHandler.Create(context =>
    {
        ReplicaHeaders.Set(context, Cluster(context).Status);
        return handler(context);
    }, ProblemAsync);

    public static Task JsonAsync<TState>(HttpContext context, int status, TState state, Action<Utf8JsonWriter, TState> write) =>
        JsonBody.WriteAsync(context, status, JsonBody.ContentType, state, write, context.RequestAborted);

    public static Task ProblemAsync(HttpContext context, Problem problem)
    {
        context.Response.Headers.ContentDisposition = default; // An error is not the file that was asked for.
        if (problem.RetryAfter)
            context.Response.Headers.RetryAfter = "1";
        if (problem.CurrentVersion is { Value: > 0 } version)
            context.Response.Headers.ETag = EntityTag.Of(version);
        return JsonBody.WriteAsync(
            context, problem.Status, "application/problem+json; charset=utf-8", problem, WriteProblem, CancellationToken.None);
    }

    /// <summary>Writes the problem details alone, for a response that has already begun.</summary>
    public static void WriteProblem(Utf8JsonWriter json, Problem problem)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "about:blank"u8);
        json.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(problem.Status));
        json.WriteNumber("status"u8, problem.Status);
        json.WriteString("detail"u8, problem.Error);
        json.WriteString("code"u8, problem.Code);
        if (problem.Field is { } field)
            json.WriteString("field"u8, field);
        if (problem.CurrentVersion is { } version)
            json.WriteNumber("currentVersion"u8, version.Value);
        if (problem.Limit is { } limit)
            json.WriteNumber("limit"u8, limit);
        if (problem.Actual is { } actual)
            json.WriteNumber("actual"u8, actual);
        if (problem.CompactVersion is { } compact)
            json.WriteNumber("compactVersion"u8, compact.Value);
        json.WriteEndObject();
    }

    public static IDistributedKv Kv(HttpContext context) => ServedCluster.Service<IDistributedKv>(context);

    public static IRaftKvCluster Cluster(HttpContext context) => ServedCluster.Service<IRaftKvCluster>(context);
}
