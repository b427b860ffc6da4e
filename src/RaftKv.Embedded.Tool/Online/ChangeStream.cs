using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Polly;
using Polly.Retry;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>
/// A watch that outlives its connections: when a connection breaks or is silent for 15 s, the watch goes on at the next address, behind the
/// last version that it has received completely. It ends when no node serves it for the time limit.
/// </summary>
/// <param name="settings">The addresses of the nodes; the time limit is how long no node may serve the watch.</param>
/// <param name="path">The route and its parameters.</param>
/// <param name="print">Takes the kind and the data of a change; returns whether more are wanted.</param>
internal sealed class ChangeStream(ConnectionSettings settings, string path, Func<string, JsonElement, bool> print)
{
    private const int ProgressMs = 5_000;

    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(3 * ProgressMs);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromSeconds(10);

    private readonly Stopwatch _withoutNode = Stopwatch.StartNew();
    private string? _lastId;

    /// <exception cref="ToolException">A node refused the watch, or no node served it for the time limit.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var turn = 0;
        var retry = Retry();
        while (await retry.ExecuteAsync(async end => await FollowAsync(settings.Addresses[turn++ % settings.Addresses.Count], end),
            cancellationToken))
        {
            await Task.Delay(FirstPause, cancellationToken);
        }
    }

    /// <summary>Tries the next address after a growing pause, while no node serves the watch.</summary>
    private ResiliencePipeline Retry() => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = args => ValueTask.FromResult(
                args.Outcome.Exception is ToolException { ExitCode: ExitCode.Unreachable or ExitCode.Unavailable }
                && _withoutNode.Elapsed <= settings.Timeout),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            Delay = FirstPause,
            MaxDelay = LongestPause,
        })
        .Build();

    /// <summary>Follows the watch over one connection.</summary>
    /// <returns>Whether the watch must go on; <c>false</c> when no more changes are wanted.</returns>
    private async Task<bool> FollowAsync(Uri address, CancellationToken cancellationToken)
    {
        var attempt = settings.Timeout < LongestAttempt ? settings.Timeout : LongestAttempt;
        using var client = new ClusterClient(settings with { Addresses = [address], Timeout = attempt });
        var request = new ApiRequest(HttpMethod.Get, $"{path}&progressMs={ProgressMs}")
        {
            Headers = _lastId is { } id ? [("Last-Event-ID", id)] : [],
        };
        using var response = await client.OpenAsync(request, cancellationToken);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(Silence);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
            var events = SseParser.Create(body, static (kind, data) => (Kind: kind, Data: Encoding.UTF8.GetString(data)));
            await foreach (var item in events.EnumerateAsync(silence.Token))
            {
                silence.CancelAfter(Silence);
                _withoutNode.Restart();
                if (!Take(item.Data.Kind, item.Data.Data, item.EventId))
                    return false;
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The connection is lost or silent; the next connection goes on from there.
        }
        return true;
    }

    private bool Take(string kind, string data, string? id)
    {
        if (kind == "end")
        {
            var (code, detail) = ApiFailure.Problem(Encoding.UTF8.GetBytes(data));
            // Compacted: the missed changes are not expected on another node either. After any other end another node may serve the watch.
            if (code == "compacted")
                throw new ToolException(ExitCode.Refused, code, detail);
            return true;
        }
        var goesOn = kind == "progress" || print(kind, JsonDocument.Parse(data).RootElement);
        if (!string.IsNullOrEmpty(id))
            _lastId = id;
        return goesOn;
    }
}
