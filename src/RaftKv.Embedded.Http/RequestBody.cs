using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace RaftKv.Embedded.Http;

/// <summary>A request's body in one pooled buffer.</summary>
internal sealed class RequestBody : IDisposable
{
    private byte[] _buffer;
    private int _length;

    private RequestBody(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>
    /// Reads a JSON body of at most <paramref name="limit"/> bytes. A longer body is refused by its <c>Content-Length</c>, or as soon as
    /// more bytes are read.
    /// </summary>
    /// <exception cref="RequestRefusedException">The body is larger than <paramref name="limit"/>, or its <c>Content-Type</c> is not
    /// JSON.</exception>
    public static Task<RequestBody> ReadJsonAsync(HttpContext context, int limit)
    {
        RequireJson(context.Request);
        return ReadAsync(context, limit);
    }

    /// <summary>
    /// Reads a body of any content, of at most <paramref name="limit"/> bytes. A longer body is refused by its <c>Content-Length</c>, or as
    /// soon as more bytes are read.
    /// </summary>
    /// <exception cref="RequestRefusedException">The body is larger than <paramref name="limit"/>.</exception>
    public static async Task<RequestBody> ReadAsync(HttpContext context, int limit)
    {
        if (context.Request.ContentLength > limit)
            throw TooLarge(limit, context.Request.ContentLength);
        // The server's general limit may be smaller than a legal value; ours is enforced below.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server && server.MaxRequestBodySize < limit)
            server.MaxRequestBodySize = limit;

        var body = new RequestBody((int?)context.Request.ContentLength + 1 ?? 4096);
        try
        {
            await body.FillAsync(context.Request.Body, limit, context.RequestAborted);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private async Task FillAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            // One byte of room is always left, so that a body of exactly the limit is told from a longer one.
            if (_length == _buffer.Length)
                Grow(limit);
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0)
                return;
            _length += read;
            if (_length > limit)
                throw TooLarge(limit, null); // The whole length is unknown.
        }
    }

    private void Grow(int limit)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit + 1L, _buffer.Length * 2L));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    // The article's curl sends two Content-Type headers, JSON and plain text. A form or plain text alone is refused: a web page of another
    // site can send those without asking, and a typing mistake should not look like bad JSON.
    private static void RequireJson(HttpRequest request)
    {
        foreach (var value in request.Headers.ContentType)
        {
            if (IsJson(value))
                return;
        }
        throw RequestRefusedException.BadInput("Content-Type", "The body must be JSON: send the header Content-Type: application/json.");
    }

    // The media type alone: parameters may have any text, and a web page may choose it.
    private static bool IsJson(string? contentType)
    {
        var type = contentType.AsSpan();
        var end = type.IndexOfAny(';', ',');
        return MediaTypeHeaderValue.TryParse((end < 0 ? type : type[..end]).ToString(), out var parsed)
            && (parsed.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                || parsed.MediaType.Equals("text/json", StringComparison.OrdinalIgnoreCase)
                || parsed.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
    }

    private static RequestRefusedException TooLarge(int limit, long? actual) =>
        new(Problem.TooLarge(
            string.Create(CultureInfo.InvariantCulture, $"The body is larger than {limit:N0} bytes. Nothing was written."), limit, actual));
}
