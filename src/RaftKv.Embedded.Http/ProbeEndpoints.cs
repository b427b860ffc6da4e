using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Hosting;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>
/// <c>GET /livez</c>: restart this process when it fails. <c>GET /readyz</c>: send it no requests while it fails; the body says why. They
/// are short-circuited, that is, run as soon as they are routed: a session or an authentication that waits for the cluster must not make a
/// probe fail.
/// </summary>
internal static class ProbeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var open = routes.MapGroup("");
        open.MapRead("/livez", ApiRoute.Open(static context =>
            AnswerAsync(context, "live",
                Readiness.IsAlive(ApiRoute.Cluster(context).Status) ? null : Readiness.Of(ApiRoute.Cluster(context).Status))))
            .Describe(OpenApiSignatures.Nothing, "RaftKvLive", OpenApiTags.Health, "Fails when a restart of the process may help.")
            .Answers<Schemas.Probe>().Fails(503);
        open.MapRead("/readyz", ApiRoute.Open(static context =>
            AnswerAsync(context, "ready", Readiness.Of(ApiRoute.Cluster(context).Status))))
            .Describe(OpenApiSignatures.Nothing, "RaftKvReady", OpenApiTags.Health,
                "Fails while this node does not serve, with the reason.")
            .Answers<Schemas.Probe>().Fails(503);
        open.ShortCircuit();
        ((IEndpointConventionBuilder)open).Finally(RemoveSecurity);
    }

    // Routing refuses to short-circuit an endpoint that has policies, because the middlewares behind routing would enforce them. A group
    // around the probes may have added such policies.
    private static void RemoveSecurity(EndpointBuilder endpoint)
    {
        for (var i = endpoint.Metadata.Count - 1; i >= 0; i--)
        {
            if (endpoint.Metadata[i] is IAuthorizeData or AuthorizationPolicy or IAuthorizationRequirementData or ICorsMetadata)
                endpoint.Metadata.RemoveAt(i);
        }
        endpoint.Metadata.Add(new AllowAnonymousAttribute());
    }

    private static Task AnswerAsync(HttpContext context, string state, Readiness? reason) => reason is { } why
        ? ApiRoute.ProblemAsync(context, new Problem(StatusCodes.Status503ServiceUnavailable, why.Code, why.Text))
        : ApiRoute.JsonAsync(context, StatusCodes.Status200OK, state, static (json, state) =>
        {
            json.WriteStartObject();
            json.WriteString("status"u8, state);
            json.WriteEndObject();
        });
}
