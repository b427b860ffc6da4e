using System.Net;
using System.Text.Json;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>Reads server-sent events as a browser does.</summary>
internal sealed class EventReader : IDisposable
{
    private readonly HttpClient? _http;
    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _reader;

    private EventReader(HttpClient? http, HttpResponseMessage answer, StreamReader reader) => (_http, _answer, _reader) = (http, answer, reader);

    public sealed record Event(string Name, string? Id, JsonElement Data)
    {
        /// <summary>What happened to which key.</summary>
        public string What => Data.TryGetProperty("key", out var key) ? $"{Name} {key}" : Name;
    }

    public static async Task<EventReader> OpenAsync(string url, CancellationToken cancellationToken, string? lastEventId = null)
    {
        var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return await OpenAsync(answer, cancellationToken, http);
    }

    /// <summary>Reads the events of a response whose headers have arrived.</summary>
    public static async Task<EventReader> OpenAsync(HttpResponseMessage answer, CancellationToken cancellationToken, HttpClient? http = null)
    {
        if (answer.StatusCode != HttpStatusCode.OK || answer.Content.Headers.ContentType?.MediaType != "text/event-stream")
            throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        return new EventReader(http, answer, new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken)));
    }

    /// <returns><c>null</c> at the end of the stream.</returns>
    public async Task<Event?> NextAsync(CancellationToken cancellationToken)
    {
        var (name, id, data) = ("message", default(string), "");
        while (await _reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0 && data.Length > 0)
                return new Event(name, id, JsonDocument.Parse(data).RootElement);
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            var value = colon < 0 ? "" : line[(colon + 2)..];
            (name, id, data) = (colon < 0 ? "" : line[..colon]) switch
            {
                "event" => (value, id, data),
                "id" => (name, value, data),
                "data" => (name, id, data + value),
                _ => (name, id, data),
            };
        }
        return null;
    }

    public async Task<List<Event>> TakeAsync(int count, CancellationToken cancellationToken)
    {
        var events = new List<Event>();
        while (events.Count < count)
            events.Add(await NextAsync(cancellationToken) ?? throw new EndOfStreamException());
        return events;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _answer.Dispose();
        _http?.Dispose();
    }
}
