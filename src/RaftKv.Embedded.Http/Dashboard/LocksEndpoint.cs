using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// <c>GET /v1/locks</c>: the locks and offices that are held, by whom and since when, who waits, and the lease of the holder. The first
/// 100 in the order of their names.
/// </summary>
internal static class LocksEndpoint
{
    private const string Prefix = ".locks/";
    private const int MostLocks = 100;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapRead("/v1/locks", ApiRoute.Guarded(AnswerAsync));

    private static async Task AnswerAsync(HttpContext context)
    {
        var coordination = context.RequestServices.GetRequiredService<IRaftKvCoordination>();
        var leases = context.RequestServices.GetRequiredService<IRaftKvLeases>();
        var kv = ApiRoute.Kv(context);
        var held = new List<HeldLock>();
        var hasMore = false;
        await foreach (var child in kv.ListChildrenAsync(Prefix, cancellationToken: context.RequestAborted))
        {
            if (!child.IsGroup)
                continue;
            hasMore = held.Count == MostLocks;
            if (hasMore)
                break;
            var name = NameOf(child.Name);
            // Any writer may have put a key there; a lock has a name.
            if (name.Length == 0 || await coordination.GetHolderAsync(name, context.RequestAborted) is not { } holder)
                continue;
            var leaseId = await LeaseOfAsync(kv, child.Name, holder.FencingToken, context.RequestAborted);
            var lease = leaseId is { } id ? await leases.GetAsync(id, context.RequestAborted) : null;
            held.Add(new HeldLock(name, holder, lease));
        }
        await ApiRoute.JsonAsync(context, StatusCodes.Status200OK, (Locks: held, HasMore: hasMore), Write);
    }

    /// <summary>
    /// The key of a place in the line ends with the id of its lease; the holder's is the one that was written at the version of its
    /// token.
    /// </summary>
    private static async ValueTask<long?> LeaseOfAsync(
        IDistributedKv kv, string line, KvVersion token, CancellationToken cancellationToken)
    {
        var options = new KvScanOptions { Consistency = KvConsistency.Stale };
        await foreach (var place in kv.ScanAsync(KvKeyRange.StartingWith(line), options, cancellationToken))
        {
            if (place.Version == token)
                return long.TryParse(place.Key.AsSpan(line.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var lease) ? lease : null;
        }
        return null;
    }

    private static string NameOf(string line) =>
        line[Prefix.Length..^1].Replace("%2F", "/", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);

    private static void Write(Utf8JsonWriter json, (List<HeldLock> Locks, bool HasMore) data)
    {
        json.WriteStartObject();
        json.WriteStartArray("locks"u8);
        foreach (var held in data.Locks)
            held.Write(json);
        json.WriteEndArray();
        json.WriteBoolean("more"u8, data.HasMore);
        json.WriteEndObject();
    }
}
