using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Http.OpenApi;

namespace RaftKv.Embedded.Http;

/// <summary>
/// <c>GET /v1/watch?prefix=</c>: changes as server-sent events. An event's id is the version up to which the client has been sent all
/// changes. A client that reconnects with <c>Last-Event-ID</c>, as browsers do by themselves, to this node or to another, misses nothing
/// and sees nothing twice.
/// </summary>
internal static class WatchEndpoint
{
    private const int DefaultProgressMs = 15_000;
    private const string PreviousParameter = "previous";

    /// <summary>
    /// How long the response is held back for an immediate error, such as a version that is not held any more: within this time it is
    /// answered as an error, later it is the last event.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/watch", ApiRoute.Guarded(AnswerAsync))
            .DisableRequestTimeout()
            .Describe(OpenApiSignatures.Watch, "RaftKvWatch", OpenApiTags.Keys,
                "Tells every change of the keys with a prefix, as server-sent events.",
                "Events put, deleted, expired, revoked, state-end and progress; the data is JSON with the key, its version and, after "
                    + "put, the value in base64; with previous=true also what the key held before. "
                + "The last event of a stream that the node ends is end, with a code: compacted when the client was too slow.")
            .AnswersText("text/event-stream").Fails(400, 401, 403, 410, 500, 503);

    private static async Task AnswerAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var (range, options) = (Range(query), Options(context.Request));
        using var ending = HttpShutdown.Of(context);
        var begin = KvVersion.None;
        if (options is { InitialState: false, FromVersion.Value: 0 })
        {
            // The watch begins at the current version, and the first event tells it: the client can resume there even when no change
            // follows.
            begin = (await ApiRoute.Kv(context).GetAsync(IdempotentWrites.Prefix, new KvReadOptions { Consistency = options.Consistency },
                ending.Token)).ReadAt;
            options = options with { FromVersion = new KvVersion(begin.Value + 1) };
        }
        await using var changes = new WatchReader(Watch(context, range, options, ending.Token), ending);
        // A wrong request, or a node that cannot serve it, fails the first step, while an error can still be answered.
        if (options.InitialState)
            await changes.FirstAsync(Timeout.InfiniteTimeSpan);
        else
            await changes.FirstAsync(Grace);
        await new WatchStream(context, ending.Token).RunAsync(begin, changes);
    }

    private static IAsyncEnumerable<KvEvent> Watch(HttpContext context, KvKeyRange range, KvWatchOptions options,
        CancellationToken cancellationToken)
    {
        try
        {
            return ApiRoute.Kv(context).WatchAsync(range, options, cancellationToken);
        }
        catch (ArgumentException e)
        {
            throw RequestRefusedException.BadInput(range.Prefix is null ? "key" : "prefix", e);
        }
        catch (NotSupportedException e) when (options.PreviousValues)
        {
            throw RequestRefusedException.BadInput(PreviousParameter, e.Message);
        }
    }

    private static KvKeyRange Range(IQueryCollection query)
    {
        var (prefix, key) = (query["prefix"], query["key"]);
        if (prefix.Count + key.Count != 1)
            throw RequestRefusedException.BadInput("prefix",
                "Say what to watch: ?prefix= for the keys that begin with it, all of them if it is empty, or ?key= for one.");
        if (key.Count == 1)
            return KvKeyRange.Exactly(key.ToString() is { Length: > 0 } one ? one
                : throw RequestRefusedException.BadInput("key", "The key is empty."));
        return prefix.ToString() is { Length: > 0 } start ? KvKeyRange.StartingWith(start) : KvKeyRange.All;
    }

    private static KvWatchOptions Options(HttpRequest request)
    {
        var query = request.Query;
        var initial = RequestFlag.Read(query, "initial");
        var from = RequestVersion.Read(query, "from") ?? KvVersion.None;
        if (initial && from != KvVersion.None)
            throw RequestRefusedException.BadInput("from", "A watch begins with the initial state or at a version. Choose one.");
        var (keysOnly, previous) = (RequestFlag.Read(query, "keysOnly"), RequestFlag.Read(query, PreviousParameter));
        if (keysOnly && previous)
            throw RequestRefusedException.BadInput(
                PreviousParameter, "A watch leaves out the values or has the previous ones too. Choose one.");
        // A browser that reconnects sends the same address again: the id of the last event that it has seen overrides where the address
        // says to begin.
        if (LastSeen(request) is { } seen)
            (initial, from) = (false, new KvVersion(seen.Value + 1));
        return new KvWatchOptions
        {
            FromVersion = from,
            InitialState = initial,
            KeysOnly = keysOnly,
            PreviousValues = previous,
            Consistency = RequestConsistency.Read(query, KvConsistency.Linearizable),
            ProgressInterval = TimeSpan.FromMilliseconds(ProgressMs(query["progressMs"].ToString())),
        };
    }

    private static KvVersion? LastSeen(HttpRequest request) => request.Headers["Last-Event-ID"].ToString() switch
    {
        "" => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version < long.MaxValue =>
            new KvVersion(version),
        _ => throw RequestRefusedException.BadInput("Last-Event-ID", "Last-Event-ID is the id of an event of this watch: a version."),
    };

    private static int ProgressMs(string text) => text.Length == 0 ? DefaultProgressMs
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var interval) && interval is >= 100 and <= 60_000
        ? interval
        : throw RequestRefusedException.BadInput("progressMs", "The parameter progressMs is a number of milliseconds from 100 to 60000.");
}
