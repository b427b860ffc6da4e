namespace RaftKv.Embedded.Tool.Online;

/// <summary>A request that any node may answer.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The route and its parameters, relative to the address of a node.</param>
internal sealed record ApiRequest(HttpMethod Method, string Path)
{
    /// <summary>The body, and its media type; <c>null</c> for none.</summary>
    public (byte[] Bytes, string MediaType)? Body { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Whether the request may be sent again to another node when the outcome of the first attempt is unknown.</summary>
    public bool IsRepeatable { get; init; } = Method == HttpMethod.Get;

    public bool IsRead => Method == HttpMethod.Get;

    public static ApiRequest Read(string path, params ReadOnlySpan<(string Name, string? Value)> parameters) =>
        new(HttpMethod.Get, With(path, parameters));

    /// <summary>The path, with the parameters that have a value.</summary>
    public static string With(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (value is null)
                continue;
            path += $"{separator}{name}={Uri.EscapeDataString(value)}";
            separator = '&';
        }
        return path;
    }

    public HttpRequestMessage At(Uri address)
    {
        var message = new HttpRequestMessage(Method, new Uri(address, Path));
        if (Body is { } body)
            message.Content = new ByteArrayContent(body.Bytes) { Headers = { ContentType = new(body.MediaType) } };
        foreach (var (name, value) in Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }
}
