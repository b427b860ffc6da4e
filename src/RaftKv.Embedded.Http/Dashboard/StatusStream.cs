using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>The status as server-sent events: at once with each change, and every second for the figures that move all the time.</summary>
internal static class StatusStream
{
    private static readonly TimeSpan _sample = TimeSpan.FromSeconds(1);

    public static async Task AnswerAsync(HttpContext context)
    {
        using var ending = Ending.Of(context);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            ResponseProgress.Begin(context);
            context.Response.BodyWriter.Write("retry: 1000\n\n"u8);
            await WatchAsync(context, ApiRoute.Cluster(context), ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The browser has gone, or the host stops.
        }
    }

    private static async Task WatchAsync(HttpContext context, IRaftKvCluster cluster, CancellationTokenSource ending)
    {
        await using var changes = cluster.WatchStatusAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        var change = changes.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                if (await Task.WhenAny(change, Task.Delay(_sample, ending.Token)) == change)
                {
                    if (!await change)
                        return;
                    await SendAsync(context, changes.Current, ending.Token);
                    change = changes.MoveNextAsync().AsTask();
                }
                else
                {
                    ending.Token.ThrowIfCancellationRequested();
                    await SendAsync(context, cluster.Status, ending.Token);
                }
            }
        }
        finally
        {
            // An enumerator may be disposed of only between its steps.
            await ending.CancelAsync();
            await ((Task)change).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAsync(HttpContext context, RaftKvStatus status, CancellationToken cancellationToken)
    {
        var body = context.Response.BodyWriter;
        body.Write("data: "u8);
        ApiRoute.Write(body, (status, WriteTimes.Of(ApiRoute.Kv(context)).Within(_sample)), static (json, data) =>
        {
            var (status, writes) = data;
            json.WriteStartObject();
            json.WriteNumber("at"u8, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            if (writes is { } times)
            {
                json.WriteStartObject("writeMs"u8);
                json.WriteNumber("median"u8, times.Median);
                json.WriteNumber("longest"u8, times.Longest);
                json.WriteEndObject();
            }
            StatusJson.WriteFields(json, status);
            json.WriteEndObject();
        });
        body.Write("\n\n"u8);
        await body.FlushAsync(cancellationToken);
    }
}
