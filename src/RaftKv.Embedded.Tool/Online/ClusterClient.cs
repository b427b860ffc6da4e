using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>
/// Sends a request to the first of several addresses that serves it. After an address that cannot be reached or does not serve now, the
/// next one is tried. A request that may have been carried out is not sent again unless it is repeatable. All addresses together take no
/// longer than the time limit.
/// </summary>
internal sealed class ClusterClient : IDisposable
{
    private const int MaxAnswerBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(5);
    private static readonly HttpRequestOptionsKey<StrongBox<bool>> Connected = new("connected");

    private readonly ConnectionSettings _settings;
    private readonly HttpClient _http;

    public ClusterClient(ConnectionSettings settings)
    {
        _settings = settings;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = LongestConnect,
            // Called once the connection can carry the request, behind a proxy too: from then on the request may have been sent.
            PlaintextStreamFilter = (context, _) =>
            {
                if (context.InitialRequestMessage.Options.TryGetValue(Connected, out var connected))
                    Volatile.Write(ref connected.Value, true);
                return ValueTask.FromResult(context.PlaintextStream);
            },
            // One connection per request: none is used a second time.
            PooledConnectionLifetime = TimeSpan.Zero,
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswerBytes };
        foreach (var (name, value) in settings.Headers)
            _http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
    }

    public IReadOnlyList<Uri> Addresses => _settings.Addresses;

    /// <summary>Sends the request and reads the whole answer, of at most 64 MiB.</summary>
    /// <exception cref="ToolException">No address served it; the exit code says what that means.</exception>
    public async Task<ApiAnswer> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return new ApiAnswer(response.Headers, await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    /// <summary>Sends the request and reads the headers of the answer; the body can be read without a time limit.</summary>
    /// <exception cref="ToolException">No address served it; the exit code says what that means.</exception>
    public Task<HttpResponseMessage> OpenAsync(ApiRequest request, CancellationToken cancellationToken) =>
        OpenAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> OpenAsync(ApiRequest request, HttpCompletionOption until, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var failures = new List<ToolException>();
        for (var i = 0; i < Addresses.Count; i++)
        {
            var left = _settings.Timeout - clock.Elapsed;
            // A request that cannot be repeated gets all the time that is left; a repeatable one leaves a share for the other addresses.
            var share = request.IsRepeatable ? left / (Addresses.Count - i) : left;
            if (share <= TimeSpan.Zero)
                break;
            try
            {
                return await AttemptAsync(request, Addresses[i], until, share, cancellationToken);
            }
            catch (NextAddressException e)
            {
                failures.Add(e.Failure);
            }
        }
        throw Together(failures);
    }

    /// <exception cref="NextAddressException">Another address may serve the request.</exception>
    private async Task<HttpResponseMessage> AttemptAsync(
        ApiRequest request, Uri address, HttpCompletionOption until, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit);
        using var message = request.At(address);
        var connected = new StrongBox<bool>();
        message.Options.Set(Connected, connected);
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(message, until, end.Token);
        }
        // HttpClient throws a SocketException when a connection is reset as soon as it is made.
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or SocketException)
        {
            throw Failed(request, address, e, Volatile.Read(ref connected.Value), cancellationToken);
        }
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
        {
            var failure = ApiFailure.Of(request, response, await ReadErrorAsync(response, end.Token));
            throw ApiFailure.MayTryAnother(request, failure, response.StatusCode) ? new NextAddressException(failure) : failure;
        }
    }

    private static Exception Failed(ApiRequest request, Uri address, Exception error, bool wasSent, CancellationToken cancellationToken)
    {
        var wasInterrupted = cancellationToken.IsCancellationRequested;
        var reason = wasInterrupted ? "interrupted"
            : error is OperationCanceledException ? "it did not answer in time"
            : (error.InnerException ?? error).Message;
        if (!wasSent || request.IsRead)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var code = wasSent ? "no_answer" : "unreachable";
            return new NextAddressException(new ToolException(ExitCode.Unreachable, code, $"{address}: {reason}", error));
        }
        var unknown = new ToolException(ExitCode.OutcomeUnknown, "outcome_unknown",
            $"{address}: {reason}. The request was sent, and the change may have been made. Read before repeating it.", error);
        return request.IsRepeatable && !wasInterrupted ? new NextAddressException(unknown) : unknown;
    }

    private static async Task<byte[]> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // The body is lost: the failure is told from the status alone.
            return [];
        }
    }

    // An unknown outcome outweighs a refusal, a refusal an address that does not serve now, and that one an address that cannot be reached.
    private static ToolException Together(List<ToolException> failures)
    {
        int[] order = [ExitCode.OutcomeUnknown, ExitCode.Refused, ExitCode.Unavailable, ExitCode.Unreachable];
        var worst = failures.MinBy(f => Array.IndexOf(order, f.ExitCode));
        return worst is null ? new ToolException(ExitCode.Unreachable, "unreachable", "No address answered in time. Nothing was changed.")
            : worst.ExitCode != ExitCode.Unreachable ? worst
            : new ToolException(ExitCode.Unreachable, worst.Code,
                $"No address answered. Nothing was changed. {string.Join("; ", failures.Select(f => f.Message))}", worst);
    }

    private sealed class NextAddressException(ToolException failure) : Exception
    {
        public ToolException Failure => failure;
    }
}
