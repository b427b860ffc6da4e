using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>A client that tests one route with its own key, and the checks of all kinds of routes.</summary>
internal sealed class RouteClient(RouteHost host, string key, CancellationToken stop)
{
    public IDistributedKv Kv => host.Kv;

    public IRaftKvCoordination Coordination => host.Coordination;

    /// <summary>With characters that a path must escape, the slash among them.</summary>
    public string Key => key;

    public string KeyInPath => Uri.EscapeDataString(key);

    public CancellationToken Stop => stop;

    public Task<HttpResponseMessage> SendAsync(string method, string path, string? json = null) =>
        host.SendAsync(method, path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"), stop);

    public async Task<string> TextAsync(string method, string path, string? json = null, int status = 200)
    {
        using var response = await SendAsync(method, path, json);
        var text = await response.Content.ReadAsStringAsync(stop);
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} instead of {status}: {text}");
        return text;
    }

    public async Task<JsonElement> JsonAsync(string method, string path, string? json = null, int status = 200) =>
        JsonDocument.Parse(await TextAsync(method, path, json, status)).RootElement;

    public async Task<EventReader> EventsAsync(string path) => await EventReader.OpenAsync(await SendAsync("GET", path), stop);

    public async Task<string?> StoredAsync()
    {
        var found = await Kv.GetAsync(key, cancellationToken: stop);
        return found.Found ? Encoding.UTF8.GetString(found.Value.Span) : null;
    }

    /// <summary>A write is answered with the key and stored under exactly this key.</summary>
    public async Task PutsAsync(string path)
    {
        using var response = await host.SendAsync("PUT", path, new ByteArrayContent([0, 255]), stop);
        var text = await response.Content.ReadAsStringAsync(stop);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode}: {text}");
        Assert.Equal(key, JsonDocument.Parse(text).RootElement.GetProperty("key").GetString());
        Assert.Equal([0, 255], (await Kv.GetAsync(key, cancellationToken: stop)).Value.ToArray());
    }

    /// <summary>A read sees the last value, also when the same request was answered with another one before.</summary>
    public async Task GetsAsync(string path)
    {
        foreach (var value in new[] { "one", "two" })
        {
            await Kv.SetAsync(key, Encoding.UTF8.GetBytes(value), cancellationToken: stop);
            Assert.Equal(value, await TextAsync("GET", path));
        }
        await Kv.DeleteAsync(key, cancellationToken: stop);
        await TextAsync("GET", path, status: 404);
    }

    public async Task GetsJsonAsync(string path)
    {
        for (var value = 1; value <= 2; value++)
        {
            await Kv.SetAsync(key, Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)), cancellationToken: stop);
            Assert.Equal(value, (await JsonAsync("GET", path)).GetProperty("data").GetProperty("value").GetInt32());
        }
    }

    public async Task HeadsAsync(string path)
    {
        var written = await Kv.SetAsync(key, "one"u8.ToArray(), cancellationToken: stop);
        using var response = await SendAsync("HEAD", path);
        Assert.Equal((HttpStatusCode.OK, $"\"{written.Version}\""), (response.StatusCode, response.Headers.ETag?.Tag));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(stop));
    }

    public async Task HasNoBodyAsync(string path)
    {
        using var response = await SendAsync("HEAD", path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(stop));
    }

    public async Task DeletesAsync(string path)
    {
        await Kv.SetAsync(key, "1"u8.ToArray(), cancellationToken: stop);
        Assert.Contains("\"deleted\":true", await TextAsync("DELETE", path), StringComparison.Ordinal);
        Assert.Null(await StoredAsync());
        Assert.Contains("\"deleted\":false", await TextAsync("DELETE", path), StringComparison.Ordinal);
    }

    /// <summary>An error arrives with its status and with the body that says what happened.</summary>
    public async Task FailsAsync(string method, string path, int status, string named, string? json = null) =>
        Assert.Contains(named, await TextAsync(method, path, json, status), StringComparison.Ordinal);

    /// <summary>A figure that grows is told as it is now, not as it was.</summary>
    public async Task ShowsProgressAsync(string path, string figure)
    {
        var before = Figure(await TextAsync("GET", path), figure);
        // A large object: its allocation is counted at once, while smaller ones are counted when the allocation buffer of their thread is
        // full.
        await Kv.SetAsync(key, new byte[128 * 1024], cancellationToken: stop);
        Assert.True(Figure(await TextAsync("GET", path), figure) > before);
    }

    private static long Figure(string json, string name)
    {
        var at = json.IndexOf($"\"{name}\":", StringComparison.Ordinal);
        var digits = json[(at + name.Length + 3)..].TrimStart('"').TakeWhile(char.IsAsciiDigit).ToArray();
        return long.Parse(digits, CultureInfo.InvariantCulture);
    }
}
