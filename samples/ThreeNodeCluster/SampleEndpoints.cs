using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>What the sample needs beyond the article's routes: raw bytes, a scan, and handing over the leadership.</summary>
internal static class SampleEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapGroup("/sample").AddEndpointFilter(AnswerErrorsAsync);
        routes.MapPut("/raw", PutAsync);
        routes.MapGet("/raw", GetAsync);
        routes.MapGet("/scan", ScanAsync);
        routes.MapPost("/transfer", TransferAsync);
    }

    private static async Task<IResult> PutAsync(string key, HttpRequest request, IDistributedKv kv, CancellationToken cancellationToken)
    {
        if (request.ContentLength is not { } length)
            return Results.Json(new { error = "Send a Content-Length." }, statusCode: StatusCodes.Status411LengthRequired);
        if (length > NodeSettings.MaxValueBytes)
            return Results.Json(new { error = "The value is too large." }, statusCode: StatusCodes.Status413PayloadTooLarge);
        var value = new byte[length];
        await request.Body.ReadExactlyAsync(value, cancellationToken);
        var written = await kv.SetAsync(key, value, cancellationToken: cancellationToken);
        return Results.Text(written.Version.ToString());
    }

    /// <summary>This node's own copy, once it has applied <paramref name="min_version"/>.</summary>
    private static async Task<IResult> GetAsync(string key, IDistributedKv kv, CancellationToken cancellationToken, long min_version = 0)
    {
        var found = await kv.GetAsync(key, KvReadOptions.AtLeast(new KvVersion(min_version)), cancellationToken);
        return found.Found ? Results.Bytes(found.Value) : Results.NotFound(new { error = "Key not found." });
    }

    private static async Task<IResult> ScanAsync(
        IDistributedKv kv, CancellationToken cancellationToken, string? prefix = null, int limit = 100)
    {
        var rows = new List<object>();
        var range = new KvKeyRange { Prefix = prefix };
        await foreach (var entry in kv.ScanAsync(range, new KvScanOptions { Limit = limit }, cancellationToken))
            rows.Add(new { key = entry.Key, bytes = entry.Value.Length, version = entry.Version.Value });
        return Results.Json(rows);
    }

    private static async Task<IResult> TransferAsync(IRaftKvCluster cluster, CancellationToken cancellationToken, string? to = null)
    {
        await cluster.TransferLeadershipAsync(to, cancellationToken);
        return Results.Json(new { leader = cluster.Status.LeaderId });
    }

    private static async ValueTask<object?> AnswerErrorsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (ArgumentException e)
        {
            return Results.Json(new { error = e.Message }, statusCode: StatusCodes.Status400BadRequest);
        }
        catch (RaftKvException e)
        {
            var status = e.Outcome == KvOutcome.Unknown ? StatusCodes.Status504GatewayTimeout
                : e is RaftKvUnavailableException ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status409Conflict;
            return Results.Json(new { error = e.Message }, statusCode: status);
        }
    }
}
