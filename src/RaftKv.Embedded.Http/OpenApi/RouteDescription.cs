using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RaftKv.Embedded.Http.OpenApi;

/// <summary>
/// Describes to the app's OpenAPI document what a route takes and answers. The routes read their requests themselves, so that a document
/// generator finds nothing in their signatures. It is given the signature of a method that is never called, and the answers as metadata.
/// Only ASP.NET Core's own types are needed for that; whether there is a document is the app's decision.
/// </summary>
internal static class RouteDescription
{
    private const string Json = "application/json";
    private const string ProblemJson = "application/problem+json";
    private static readonly string[] Roots = ["/v1/", "/store", "/raft/", "/debug/", "/livez", "/readyz"];

    /// <param name="route">The route.</param>
    /// <param name="signature">Its parameters and body.</param>
    /// <param name="name">The operation's name, from which generated clients make the name of a method.</param>
    /// <param name="tag">The heading in the document.</param>
    /// <param name="summary">One line about it.</param>
    /// <param name="details">More about it, where one line is not enough.</param>
    public static IEndpointConventionBuilder Describe(
        this IEndpointConventionBuilder route, Delegate signature, string name, string tag, string summary, string? details = null)
    {
        route.WithMetadata([signature.Method, .. signature.Method.GetParameters().Select(p => new DescribedParameter(p))]).WithTags(tag).WithSummary(summary);
        route.Finally(endpoint => endpoint.Metadata.Add(new EndpointNameMetadata(Prefix(endpoint) + name)));
        return details is null ? route : route.WithDescription(details);
    }

    /// <summary>An answer in JSON.</summary>
    public static IEndpointConventionBuilder Answers<T>(this IEndpointConventionBuilder route, int status = StatusCodes.Status200OK) =>
        route.Answers(status, typeof(T), Json);

    /// <summary>An answer of bytes.</summary>
    public static IEndpointConventionBuilder AnswersBytes(this IEndpointConventionBuilder route, string contentType) =>
        route.Answers(StatusCodes.Status200OK, typeof(Stream), contentType);

    /// <summary>An answer of text.</summary>
    public static IEndpointConventionBuilder AnswersText(this IEndpointConventionBuilder route, string contentType) =>
        route.Answers(StatusCodes.Status200OK, typeof(string), contentType);

    /// <summary>An answer without a body.</summary>
    public static IEndpointConventionBuilder AnswersNothing(this IEndpointConventionBuilder route, int status) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(void)));

    /// <summary>Errors as problem details, in the form of the routes below <c>/v1</c>.</summary>
    public static IEndpointConventionBuilder Fails(this IEndpointConventionBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            route.Answers(status, typeof(Schemas.Problem), ProblemJson);
        return route;
    }

    /// <summary>Errors in the form of the article's routes.</summary>
    public static IEndpointConventionBuilder FailsPlainly(this IEndpointConventionBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            route.Answers(status, typeof(Schemas.Error), Json);
        return route;
    }

    // Operation names must be unique in an app, and the routes may be mapped below several prefixes: the prefix becomes part of the name.
    private static string Prefix(EndpointBuilder endpoint)
    {
        var path = ((RouteEndpointBuilder)endpoint).RoutePattern.RawText ?? "";
        var own = Math.Max(0, Roots.Max(root => path.LastIndexOf(root, StringComparison.Ordinal)));
        var letters = string.Concat(path[..own].Where(char.IsAsciiLetterOrDigit));
        return letters.Length == 0 ? "" : letters + "_";
    }

    private static IEndpointConventionBuilder Answers(this IEndpointConventionBuilder route, int status, Type type, string contentType) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, type, [contentType]));
}
