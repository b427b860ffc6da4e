using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace RaftKv.WebFarm.Tests;

/// <summary>
/// Visitors of the application behind a load balancer: requests go to the servers whose readiness probe succeeds, and to the next server
/// when the connection is refused, or breaks and the request may be repeated. Each visitor fills a cart, reads it, stores orders and reads
/// pages, and finds all that was stored before.
/// </summary>
internal sealed class Visitors : IAsyncDisposable
{
    private const int Count = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(50);

    private readonly Farm _farm;
    private readonly CancellationTokenSource _end = new();
    private readonly Task[] _visits;
    private readonly Task[] _probes;
    private readonly bool[] _inRotation;
    private long _rounds;
    private long _requests;

    public Visitors(Farm farm)
    {
        _farm = farm;
        _inRotation = new bool[farm.Nodes.Count];
        _probes = [.. Enumerable.Range(0, farm.Nodes.Count).Select(ProbeAsync)];
        _visits = [.. Enumerable.Range(0, Count).Select(VisitAsync)];
    }

    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Waits until the visitors have been served for a while.</summary>
    /// <exception cref="InvalidOperationException">A request failed.</exception>
    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        var until = Interlocked.Read(ref _rounds) + 10 * Count;
        for (var clock = Stopwatch.StartNew(); Interlocked.Read(ref _rounds) < until; await Task.Delay(5, cancellationToken))
        {
            if (_visits.FirstOrDefault(v => v.IsFaulted) is { } failed)
                await failed;
            if (clock.Elapsed > Patience)
                throw new TimeoutException($"The visitors were not served within {Patience}.");
        }
    }

    /// <exception cref="InvalidOperationException">A request failed.</exception>
    public async Task EndAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll([.. _visits, .. _probes]);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_visits.Concat(_probes).Select(t => t.ContinueWith(_ => { }, TaskScheduler.Default)));
        _end.Dispose();
    }

    private async Task VisitAsync(int visitor)
    {
        string? cookie = null;
        var cart = "";
        for (var i = 0; !_end.IsCancellationRequested; i++)
        {
            var (order, value) = ($"v1/kv/orders/{visitor}/{i % 10}", $"{visitor}-{i}");
            await RequestAsync(visitor + i, () => new HttpRequestMessage(HttpMethod.Put, order) { Content = new StringContent(value) });
            Expect(value, (await RequestAsync(visitor + i + 1, () => new HttpRequestMessage(HttpMethod.Get, order))).Body);
            await RequestAsync(visitor + i, () => new HttpRequestMessage(HttpMethod.Get, $"pages/{i % 10}"));
            (cart, cookie) = await BuyAsync(visitor, i, cart, cookie);
            Interlocked.Increment(ref _rounds);
        }
    }

    /// <summary>
    /// Puts an item into the cart. The request must not be repeated: when its connection breaks, the cart shows whether it was carried out.
    /// </summary>
    private async Task<(string Cart, string? Cookie)> BuyAsync(int visitor, int i, string cart, string? cookie)
    {
        if (cart.Length > 200)
            return ("", null);
        var (item, after) = ($"item{i}", cart.Length == 0 ? $"item{i}" : $"{cart},item{i}");
        // HttpClient itself repeats a request without content, whatever its method, when a connection that it has used before breaks.
        var bought = await RequestAsync(
            visitor + i,
            () => With(new HttpRequestMessage(HttpMethod.Post, $"cart/{item}") { Content = new ByteArrayContent([]) }, cookie),
            mayRepeat: false);
        if (bought.Body is { } body)
            Expect(after, body);
        cookie ??= bought.Cookie;
        // Without an answer the first time there is no session.
        if (cookie is null)
            return ("", null);
        var found = (await RequestAsync(visitor + i + 1, () => With(new HttpRequestMessage(HttpMethod.Get, "cart"), cookie))).Body!;
        if (bought.Body is not null || found != cart)
            Expect(after, found);
        return (found, cookie);
    }

    private static HttpRequestMessage With(HttpRequestMessage request, string? cookie)
    {
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        return request;
    }

    /// <summary>The answer; its body is <c>null</c> when the connection broke and the request must not be repeated.</summary>
    private async Task<(string? Body, string? Cookie)> RequestAsync(int first, Func<HttpRequestMessage> make, bool mayRepeat = true)
    {
        var clock = Stopwatch.StartNew();
        for (var next = first; clock.Elapsed < Patience; next++)
        {
            var number = next % _farm.Nodes.Count;
            if (!Volatile.Read(ref _inRotation[number]))
            {
                await Task.Delay(1);
                continue;
            }
            try
            {
                using var request = make();
                using var answer = await _farm.Nodes[number].Http.SendAsync(request);
                var body = await answer.Content.ReadAsStringAsync();
                Interlocked.Increment(ref _requests);
                if (!answer.IsSuccessStatusCode)
                {
                    var node = _farm.Nodes[number];
                    throw new InvalidOperationException(
                        $"{node.Name} answered {request.Method} {request.RequestUri} with {answer.StatusCode}: {body}\n{node.Output}");
                }
                return (body, CookieOf(answer.Headers));
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
            {
                // HttpClient throws a SocketException when a connection is reset as soon as it is made.
                if (!mayRepeat && e is not (HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } or SocketException))
                    return (null, null);
            }
        }
        throw new InvalidOperationException($"No server answered within {Patience}.");
    }

    private static string? CookieOf(HttpResponseHeaders headers) =>
        headers.TryGetValues("Set-Cookie", out var set) ? set.First().Split(';')[0] : null;

    private static void Expect(string expected, string? actual)
    {
        if (actual != expected)
            throw new InvalidOperationException($"A visitor found '{actual}', not '{expected}'.");
    }

    private async Task ProbeAsync(int number)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using var answer = await _farm.Nodes[number].Http.GetAsync("readyz");
                Volatile.Write(ref _inRotation[number], answer.IsSuccessStatusCode);
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                Volatile.Write(ref _inRotation[number], false);
            }
            await Task.Delay(ProbeInterval);
        }
    }
}
