using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Http.Description;

namespace RaftKv.Embedded.Http;

/// <summary>
/// <c>GET /livez</c>: restart this process when it fails. <c>GET /readyz</c>: send it no requests while it fails; the body says why.
/// </summary>
internal static class ProbeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/livez", ApiRoute.Guarded(static context =>
            AnswerAsync(context, "live", Readiness.IsAlive(ApiRoute.Cluster(context).Status) ? null : Readiness.Of(ApiRoute.Cluster(context).Status))))
            .Describe(Signatures.Nothing, "RaftKvLive", Tags.Health, "Fails when a restart of the process may help.")
            .Answers<Schemas.Probe>().Fails(503);
        routes.MapGet("/readyz", ApiRoute.Guarded(static context =>
            AnswerAsync(context, "ready", Readiness.Of(ApiRoute.Cluster(context).Status))))
            .Describe(Signatures.Nothing, "RaftKvReady", Tags.Health, "Fails while this node does not serve, with the reason.")
            .Answers<Schemas.Probe>().Fails(503);
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
