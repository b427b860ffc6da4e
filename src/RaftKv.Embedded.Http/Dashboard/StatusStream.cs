using System.Buffers;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>The status as server-sent events: at once with each change, and every second for the figures that move all the time.</summary>
internal sealed class StatusStream(RaftKvDashboardOptions options)
{
    private static readonly TimeSpan Sample = TimeSpan.FromSeconds(1);

    // Without the hash of the commit that a build may append.
    private static readonly string Version =
        typeof(IDistributedKv).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0] ?? "";

    public async Task AnswerAsync(HttpContext context)
    {
        using var ending = HttpShutdown.Of(context);
        try
        {
            EventStream.Begin(context);
            var cluster = ApiRoute.Cluster(context);
            using var times = new CommitTimes(cluster.Status.NodeId, ServedCluster.NameOf(context));
            await WatchAsync(context, cluster, times, ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The browser has gone, or the host stops.
        }
    }

    private async Task WatchAsync(HttpContext context, IRaftKvCluster cluster, CommitTimes times, CancellationTokenSource ending)
    {
        await using var changes = cluster.WatchStatusAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        var change = changes.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                if (await Task.WhenAny(change, Task.Delay(Sample, ending.Token)) == change)
                {
                    if (!await change)
                        return;
                    await SendAsync(context, changes.Current, times, ending.Token);
                    change = changes.MoveNextAsync().AsTask();
                }
                else
                {
                    ending.Token.ThrowIfCancellationRequested();
                    await SendAsync(context, cluster.Status, times, ending.Token);
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

    private async Task SendAsync(HttpContext context, RaftKvStatus status, CommitTimes times, CancellationToken cancellationToken)
    {
        var body = context.Response.BodyWriter;
        body.Write("data: "u8);
        JsonBody.Write(body, (Status: status, Writes: times.Within(Sample)), WriteEvent);
        body.Write("\n\n"u8);
        await body.FlushAsync(cancellationToken);
    }

    private void WriteEvent(Utf8JsonWriter json, (RaftKvStatus Status, (double Median, double Longest)? Writes) data)
    {
        json.WriteStartObject();
        json.WriteNumber("at"u8, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        if (data.Writes is { } times)
        {
            json.WriteStartObject("writeMs"u8);
            json.WriteNumber("median"u8, times.Median);
            json.WriteNumber("longest"u8, times.Longest);
            json.WriteEndObject();
        }
        StatusJson.WriteFields(json, data.Status);
        WriteProcess(json);
        json.WriteStartObject("dashboards"u8);
        foreach (var member in data.Status.Members)
        {
            if (AddressOf(member) is { } address)
                json.WriteString(member.NodeId, address);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteProcess(Utf8JsonWriter json)
    {
        json.WriteStartObject("process"u8);
        json.WriteString("version"u8, Version);
        json.WriteNumber("workingSetBytes"u8, Environment.WorkingSet);
        json.WriteNumber("heapBytes"u8, GC.GetTotalMemory(forceFullCollection: false));
        json.WriteNumber("availableBytes"u8, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        json.WriteEndObject();
    }

    // Only what a browser opens as a page: an address of another scheme could be a script.
    private string? AddressOf(RaftKvMemberStatus member)
    {
        try
        {
            var address = options.AddressOf?.Invoke(member);
            var isPage = address is { IsAbsoluteUri: true }
                && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);
            return isPage ? address!.AbsoluteUri : null;
        }
        catch (Exception)
        {
            // The callback is the app's code: a page without a link is better than no page.
            return null;
        }
    }
}
