using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary><c>GET /v1/cluster/backup</c>: all data of this node as of one version, streamed as fast as the client reads it.</summary>
internal static class BackupEndpoint
{
    private const string ContentType = "application/octet-stream";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/cluster/backup", ApiRoute.Guarded(AnswerAsync))
            .DisableRequestTimeout()
            .Describe(OpenApiSignatures.Backup, "RaftKvBackup", OpenApiTags.Cluster, "Streams a backup of everything as of one version.",
                "A download that ends early is a connection that breaks, never an answer that looks complete; and no restore accepts a part.")
            .AnswersBytes(ContentType).Fails(400, 401, 403, 500, 503, 507);

    private static async Task AnswerAsync(HttpContext context)
    {
        var minVersion = RequestVersion.Read(context.Request.Query, "minVersion");
        var cluster = ApiRoute.Cluster(context);
        var response = context.Response;
        // The client gets these headers with the first byte: until then an error replaces them.
        response.ContentType = ContentType;
        response.Headers.ContentDisposition = $"attachment; filename=\"{cluster.Status.NodeId}.raftkv-backup\"";
        response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var ending = HttpShutdown.Of(context);
        await using var body = new StreamedBody(context);
        await cluster.BackupAsync(body, minVersion, ending.Token);
    }
}
