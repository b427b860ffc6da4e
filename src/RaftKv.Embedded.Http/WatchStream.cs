using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Writes a watch as server-sent events. The server's own response buffer bounds what is written and not yet read: a client that reads
/// slowly makes the watch wait, and when the node's history no longer has its next change, the last event says so. A client that reads
/// nothing for 30 s is disconnected.
/// </summary>
internal sealed class WatchStream(HttpContext context, CancellationToken ending)
{
    private const int FlushBytes = 32 * 1024;

    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(30);

    private long _unflushed;

    /// <param name="begin">The version that the first event tells the client; <see cref="KvVersion.None"/> for no such event.</param>
    /// <param name="changes">The changes that follow.</param>
    public async Task RunAsync(KvVersion begin, WatchReader changes)
    {
        EventStream.Begin(context);
        try
        {
            if (begin != KvVersion.None)
                Write(new KvEvent { Kind = KvEventKind.Progress, Version = begin, EndsVersion = true });
            await FlushAsync(ending);
            while (await NextAsync(changes))
            {
                Write(changes.Current);
                changes.Used();
            }
        }
        catch (RaftKvException e)
        {
            WriteEnd(Problem.From(e));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            WriteEnd(Problem.Stopping);
        }
        await FlushAsync(context.RequestAborted);
    }

    // Changes that are already there are sent together.
    private async ValueTask<bool> NextAsync(WatchReader changes)
    {
        var next = changes.Next();
        if (_unflushed > 0 && (!next.IsCompleted || _unflushed > FlushBytes))
            await FlushAsync(ending);
        return await next;
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        var flush = context.Response.BodyWriter.FlushAsync(cancellationToken);
        _unflushed = 0;
        if (flush.IsCompletedSuccessfully)
            return;
        try
        {
            await flush.AsTask().WaitAsync(FlushTimeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            context.Abort();
        }
    }

    private void Write(in KvEvent change)
    {
        var body = context.Response.BodyWriter;
        var start = body.UnflushedBytes;
        body.Write(Name(change.Kind));
        // No id in the middle of a transaction: a watch cannot resume there.
        if (change.EndsVersion)
            Encoding.UTF8.GetBytes($"id: {change.Version}\n", body);
        body.Write("data: "u8);
        JsonBody.Write(body, change, static (json, change) => WriteData(json, change));
        body.Write("\n\n"u8);
        _unflushed += body.UnflushedBytes - start;
    }

    private static void WriteData(Utf8JsonWriter json, in KvEvent change)
    {
        json.WriteStartObject();
        json.WriteNumber("version"u8, change.Version.Value);
        if (change.Kind is not (KvEventKind.Progress or KvEventKind.InitialStateEnd))
        {
            json.WriteString("key"u8, change.Key);
            json.WriteNumber("createVersion"u8, change.CreateVersion.Value);
            json.WriteNumber("writeCount"u8, change.WriteCount);
        }
        if (change.Kind == KvEventKind.Put)
            json.WriteBase64String("value"u8, change.Value.Span);
        if (change.Previous is { } previous)
        {
            json.WriteStartObject("previous"u8);
            json.WriteNumber("version"u8, previous.Version.Value);
            json.WriteBase64String("value"u8, previous.Value.Span);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void WriteEnd(Problem problem)
    {
        var body = context.Response.BodyWriter;
        body.Write("event: end\ndata: "u8);
        JsonBody.Write(body, problem, ApiRoute.WriteProblem);
        body.Write("\n\n"u8);
    }

    private static ReadOnlySpan<byte> Name(KvEventKind kind) => kind switch
    {
        KvEventKind.Put => "event: put\n"u8,
        KvEventKind.Deleted => "event: deleted\n"u8,
        KvEventKind.Expired => "event: expired\n"u8,
        KvEventKind.LeaseRevoked => "event: revoked\n"u8,
        KvEventKind.InitialStateEnd => "event: state-end\n"u8,
        _ => "event: progress\n"u8,
    };
}
