using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// <c>GET /v1/tree?prefix=</c>: the groups and keys directly below a prefix, with version, size and expiry of each key. A page ends with
/// 200 children or once their values have 16 MiB; <c>next</c> is then the value of <c>after</c> for the next page.
/// </summary>
internal sealed class TreeEndpoint(InternalKeys keys)
{
    private const int PageChildren = 200;
    private const long PageBytes = 16 * 1024 * 1024;

    public void Map(IEndpointRouteBuilder routes) => routes.MapRead("/v1/tree", ApiRoute.Guarded(AnswerAsync));

    private async Task AnswerAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var options = new KvReadOptions { Consistency = RequestConsistency.Read(query, KvConsistency.Linearizable) };
        var withInternal = RequestFlag.Read(query, "internal");
        var after = query["after"].ToString() is { Length: > 0 } last ? last : null;
        var kv = ApiRoute.Kv(context);
        var page = new List<TreeChild>();
        long bytes = 0;
        string? next = null;
        await foreach (var child in kv.ListChildrenAsync(query["prefix"].ToString(), '/', options, after, context.RequestAborted))
        {
            var isInternal = keys.IsInternal(child.Name);
            if (isInternal && !withInternal)
                continue;
            if (page.Count == PageChildren || bytes > PageBytes)
            {
                next = page[^1].Name;
                break;
            }
            if (await DescribeAsync(kv, child, isInternal, context.RequestAborted) is not { } described)
                continue;
            page.Add(described);
            bytes += described.Bytes;
        }
        await ApiRoute.JsonAsync(context, StatusCodes.Status200OK, (Page: page, Next: next), Write);
    }

    /// <returns><c>null</c> when the key has been removed since it was listed. A stale read is enough: this node's own copy is at least as
    /// new as the list.</returns>
    private static async ValueTask<TreeChild?> DescribeAsync(
        IDistributedKv kv, KvChild child, bool isInternal, CancellationToken cancellationToken)
    {
        var described = new TreeChild(child.Name, child.IsGroup, isInternal);
        if (child.IsGroup)
            return described;
        var found = await kv.GetAsync(child.Name, KvReadOptions.Stale, cancellationToken);
        return found.Found
            ? described with { Version = found.Version, Bytes = found.Value.Length, ExpiresAt = found.ExpiresAt, LeaseId = found.LeaseId }
            : null;
    }

    private static void Write(Utf8JsonWriter json, (List<TreeChild> Page, string? Next) data)
    {
        json.WriteStartObject();
        json.WriteStartArray("children"u8);
        foreach (var child in data.Page)
            child.Write(json);
        json.WriteEndArray();
        if (data.Next is { } next)
            json.WriteString("next"u8, next);
        json.WriteEndObject();
    }
}
