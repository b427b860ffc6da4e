using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>The nodes' HTTP API, one method per route.</summary>
internal sealed class ClusterClient : IDisposable
{
    private static readonly TimeSpan StatsTimeout = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5) })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };

    public void Dispose() => _http.Dispose();

    /// <summary>POST /store with a JSON value.</summary>
    public Task StoreAsync(NodeProcess node, string key, JsonNode? value, CancellationToken cancellationToken) =>
        PostAsync(node, "store", new JsonObject { ["key"] = key, ["value"] = value }, cancellationToken);

    /// <summary>GET /store/{key}: the value's JSON text, or <c>null</c> when the key does not exist.</summary>
    public async Task<string?> GetAsync(NodeProcess node, string key, CancellationToken cancellationToken, string consistency = "stale")
    {
        try
        {
            using var answer = await SendAsync(HttpMethod.Get, node,
                $"store?key={Uri.EscapeDataString(key)}&consistency={consistency}", null, cancellationToken);
            using var body = await ParseAsync(answer, cancellationToken);
            return body.RootElement.GetProperty("data").GetProperty("value").GetRawText();
        }
        catch (ApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>DELETE /store/{key}.</summary>
    public async Task DeleteAsync(NodeProcess node, string key, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Delete, node, $"store?key={Uri.EscapeDataString(key)}", null, cancellationToken)).Dispose();

    /// <summary>POST /raft/join.</summary>
    public Task JoinAsync(NodeProcess through, NodeProcess joiner, CancellationToken cancellationToken) =>
        PostAsync(through, "raft/join", new JsonObject { ["node_id"] = joiner.Name, ["raft_address"] = joiner.RaftAddress },
            cancellationToken);

    /// <summary>POST /raft/remove.</summary>
    public Task RemoveAsync(NodeProcess through, string nodeId, CancellationToken cancellationToken) =>
        PostAsync(through, "raft/remove", new JsonObject { ["node_id"] = nodeId }, cancellationToken);

    /// <summary>GET /raft/stats, or <c>null</c> while the node does not answer.</summary>
    public async Task<NodeStats?> TryStatsAsync(NodeProcess node, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(StatsTimeout);
        try
        {
            using var answer = await SendAsync(HttpMethod.Get, node, "raft/stats", null, limited.Token);
            using var body = await ParseAsync(answer, limited.Token);
            return NodeStats.Parse(body.RootElement.GetProperty("data"));
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>Stores bytes as they are.</summary>
    /// <returns>The version.</returns>
    public async Task<long> PutRawAsync(NodeProcess node, string key, byte[] value, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Put, node,
            $"sample/raw?key={Uri.EscapeDataString(key)}", new ByteArrayContent(value), cancellationToken);
        return long.Parse(await answer.Content.ReadAsStringAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    /// <summary>A node's own copy, once it has applied <paramref name="minVersion"/>; <c>null</c> when the key does not exist.</summary>
    public async Task<byte[]?> GetRawAsync(NodeProcess node, string key, long minVersion, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await SendAsync(HttpMethod.Get, node,
                $"sample/raw?key={Uri.EscapeDataString(key)}&min_version={minVersion}", null, cancellationToken);
            return await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (ApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Keys with their sizes and versions, in order.</summary>
    public async Task<IReadOnlyList<(string Key, long Bytes, long Version)>> ScanAsync(
        NodeProcess node, string prefix, int limit, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, node,
            $"sample/scan?prefix={Uri.EscapeDataString(prefix)}&limit={limit}", null, cancellationToken);
        using var body = await ParseAsync(answer, cancellationToken);
        return [.. body.RootElement.EnumerateArray().Select(row =>
            (row.GetProperty("key").GetString()!, row.GetProperty("bytes").GetInt64(), row.GetProperty("version").GetInt64()))];
    }

    /// <summary>Hands the leadership over, to the most advanced voter if no name is given.</summary>
    public async Task TransferAsync(NodeProcess through, string? to, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Post, through,
            to is null ? "sample/transfer" : $"sample/transfer?to={Uri.EscapeDataString(to)}", null, cancellationToken)).Dispose();

    private static async Task<JsonDocument> ParseAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        await JsonDocument.ParseAsync(
            await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);

    private async Task PostAsync(NodeProcess node, string path, JsonObject body, CancellationToken cancellationToken)
    {
        var content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        (await SendAsync(HttpMethod.Post, node, path, content, cancellationToken)).Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, NodeProcess node, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(node.Url, path)) { Content = content };
        var answer = await SendAsync(request, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            throw Error(answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (SocketException e)
        {
            // HttpClient throws it when the connection is reset as soon as it is made.
            throw new HttpRequestException(HttpRequestError.ConnectionError, e.Message, e);
        }
    }

    private static ApiException Error(HttpStatusCode status, string body)
    {
        try
        {
            var error = JsonNode.Parse(body);
            return new ApiException(status, error?["error"]?.ToString() ?? body, error?["code"]?.ToString() ?? "");
        }
        catch (JsonException)
        {
            return new ApiException(status, body, "");
        }
    }
}
