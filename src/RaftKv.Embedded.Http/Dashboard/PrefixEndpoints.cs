using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// All keys below a prefix: <c>GET /v1/prefix?prefix=</c> counts them, <c>DELETE /v1/prefix?prefix=&amp;count=</c> deletes no more than
/// that many. Internal keys are neither counted nor deleted.
/// </summary>
internal sealed class PrefixEndpoints(InternalKeys keys)
{
    private const int BatchKeys = 256;

    // Bytes of keys in one transaction: far below the default of MaxTransactionBytes, 4 MiB.
    private const int BatchBytes = 32 * 1024;

    public void MapReads(IEndpointRouteBuilder routes) => routes.MapRead("/v1/prefix", ApiRoute.Guarded(CountAsync));

    public void MapWrites(IEndpointRouteBuilder routes) =>
        routes.MapDelete("/v1/prefix", ApiRoute.Guarded(DeleteAsync)).DisableRequestTimeout();

    private async Task CountAsync(HttpContext context)
    {
        var consistency = RequestConsistency.Read(context.Request.Query, KvConsistency.Linearizable);
        var options = new KvScanOptions { Consistency = consistency, KeysOnly = true };
        var count = await CountAsync(ApiRoute.Kv(context), Range(context), options, context.RequestAborted);
        await AnswerAsync(context, "count", count);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        var kv = ApiRoute.Kv(context);
        var range = Range(context);
        if (!long.TryParse(context.Request.Query["count"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var counted))
            throw RequestRefusedException.BadInput("count",
                "The parameter count says how many keys may be deleted: as many as GET counted.");
        var found = await CountAsync(kv, range, new KvScanOptions { KeysOnly = true }, context.RequestAborted);
        if (found > counted)
        {
            throw new RequestRefusedException(new Problem(StatusCodes.Status412PreconditionFailed, "precondition_failed",
                $"There are {found} keys by now, and {counted} were to be deleted. Nothing was deleted. Count again."));
        }
        await AnswerAsync(context, "deleted", await DeleteAsync(kv, range, counted, context.RequestAborted));
    }

    private async ValueTask<long> CountAsync(
        IDistributedKv kv, KvKeyRange range, KvScanOptions options, CancellationToken cancellationToken)
    {
        long count = 0;
        await foreach (var entry in kv.ScanAsync(range, options, cancellationToken))
        {
            if (!keys.IsInternal(entry.Key))
                count++;
        }
        return count;
    }

    /// <summary>
    /// Deletes batch by batch, each in one transaction. Keys that were deleted before an error stay deleted; the error says how many.
    /// </summary>
    private async Task<long> DeleteAsync(IDistributedKv kv, KvKeyRange range, long most, CancellationToken cancellationToken)
    {
        long deleted = 0;
        var batch = new KvTransaction();
        var bytes = 0;
        try
        {
            await foreach (var entry in kv.ScanAsync(range, new KvScanOptions { KeysOnly = true }, cancellationToken))
            {
                if (keys.IsInternal(entry.Key))
                    continue;
                if (deleted + batch.Then.Count == most)
                    break;
                batch.Then.Delete(entry.Key);
                bytes += Encoding.UTF8.GetByteCount(entry.Key);
                if (batch.Then.Count < BatchKeys && bytes < BatchBytes)
                    continue;
                deleted += await CommitAsync(kv, batch, cancellationToken);
                (batch, bytes) = (new KvTransaction(), 0);
            }
            return batch.Then.Count == 0 ? deleted : deleted + await CommitAsync(kv, batch, cancellationToken);
        }
        catch (RaftKvException e)
        {
            var problem = Problem.From(e);
            throw new RequestRefusedException(problem with { Error = $"{problem.Error} {deleted} keys were deleted before." });
        }
    }

    private static async ValueTask<long> CommitAsync(IDistributedKv kv, KvTransaction batch, CancellationToken cancellationToken) =>
        (await kv.CommitAsync(batch, cancellationToken)).Results.Sum(r => r.Deleted);

    private static KvKeyRange Range(HttpContext context) => context.Request.Query["prefix"].ToString() is { Length: > 0 } prefix
        ? KvKeyRange.StartingWith(prefix)
        : throw RequestRefusedException.BadInput("prefix", "The parameter prefix is missing: this route does not take all keys.");

    private static Task AnswerAsync(HttpContext context, string name, long number) =>
        ApiRoute.JsonAsync(context, StatusCodes.Status200OK, (name, number), static (json, data) =>
        {
            json.WriteStartObject();
            json.WriteNumber(data.name, data.number);
            json.WriteEndObject();
        });
}
