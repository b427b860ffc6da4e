using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;

namespace RaftKv.Embedded.Http.OpenApi;

/// <summary>The parameters and bodies of the routes, as the signatures of methods that are never called.</summary>
internal static class OpenApiSignatures
{
    private const string Key = "The key: any text. A path cannot carry the keys \".\" and \"..\"; leave it empty and name them with ?key=.";
    private const string Consistency = "linearizable (default), lease or stale.";
    private const string LocalConsistency = "stale (default: this node's own copy), lease or linearizable.";
    private const string MaxAge = "For stale reads: how old the copy may be, in milliseconds. An older one is brought up to date "
        + "first; 503 stale_read when that is not possible in time.";
    private const string IdempotencyKey = "A text that is new for every write. Repeated with the same one, a write takes effect once "
        + "and is answered alike, for a day at least.";
    private const string IfMatch = "\"12\": only while the key has this version, or one of those listed; *: only if it exists.";
    private const string Ttl = "How long the key lives, in seconds from 0.001; the header X-RaftKv-Ttl says the same. "
        + "Without a lifetime the key lives until it is deleted.";
    private const string Sliding = "How long the key lives after each use, in seconds from 0.001; with ttl or expiresAt at most until then.";
    private const string Forward = "false: answer 421 not_leader instead of forwarding when this node does not lead.";

    public static void GetKey(
        [FromRoute, Description(Key)] string key,
        [FromQuery, Description(Consistency)] string? consistency,
        [FromQuery, Description("Wait until this node has applied this version: read your own writes on any node.")] long? minVersion,
        [FromQuery, Description(MaxAge)] long? maxAge,
        [FromHeader(Name = "If-None-Match"), Description("The version that the client has: 304 when it is still the current one.")] string? ifNoneMatch)
    {
    }

    public static void PutKey(
        [FromRoute, Description(Key)] string key,
        [FromBody] Stream body,
        [FromHeader(Name = "If-Match"), Description(IfMatch)] string? ifMatch,
        [FromHeader(Name = "If-None-Match"), Description("*: only if the key does not exist.")] string? ifNoneMatch,
        [FromHeader(Name = "Idempotency-Key"), Description(IdempotencyKey)] string? idempotencyKey,
        [FromQuery, Description(Ttl)] double? ttl,
        [FromQuery, Description(Sliding)] double? sliding,
        [FromQuery, Description("When the key expires.")] DateTimeOffset? expiresAt,
        [FromQuery, Description("true: keep the lifetime that the key has.")] bool? keepLifetime,
        [FromQuery, Description(Forward)] bool? forward)
    {
    }

    public static void DeleteKey(
        [FromRoute, Description(Key)] string key,
        [FromHeader(Name = "If-Match"), Description(IfMatch)] string? ifMatch,
        [FromHeader(Name = "Idempotency-Key"), Description(IdempotencyKey)] string? idempotencyKey,
        [FromQuery, Description(Forward)] bool? forward)
    {
    }

    public static void Watch(
        [FromQuery, Description("What the keys begin with, empty for all of them; or key.")] string? prefix,
        [FromQuery, Description("The one key to watch.")] string? key,
        [FromQuery, Description("The first version wanted. Without it the watch begins now: its first event is progress with the "
            + "version of now.")] long? from,
        [FromQuery, Description("true: begin with the current values, then state-end, then the changes.")] bool? initial,
        [FromQuery, Description("true: without the values.")] bool? keysOnly,
        [FromQuery, Description("true: with what each key held before, on nodes with the option WatchPreviousValues.")] bool? previous,
        [FromQuery, Description("How fresh now, or the initial values, must be: linearizable (default), lease or stale.")] string? consistency,
        [FromQuery, Description("How often progress is told, in milliseconds: 100 to 60000, 15000 unless told.")] int? progressMs,
        [FromHeader(Name = "Last-Event-ID"), Description("The id of the last event seen: the watch goes on behind it.")] string? lastEventId)
    {
    }

    public static void ListKeys(
        [FromQuery, Description("What the keys begin with; empty for all of them.")] string prefix,
        [FromQuery, Description("Entries of a page: 1 to 1000, 100 unless told. A page also ends once its values have 4 MiB.")] int? limit,
        [FromQuery, Description("true: names alone.")] bool? keysOnly,
        [FromQuery, Description("The next of the page before.")] string? after,
        [FromQuery, Description(Consistency)] string? consistency)
    {
    }

    public static void ListLeases(
        [FromQuery, Description("Leases of a page: 1 to 1000, 100 unless told.")] int? limit,
        [FromQuery, Description("The next of the page before.")] long? after)
    {
    }

    public static void Backup([FromQuery, Description("The backup has at least this version; by default everything that this node has applied.")] long? minVersion)
    {
    }

    public static void Nothing()
    {
    }

    public static void AddMember([FromBody] Schemas.NewMember body)
    {
    }

    public static void PromoteMember([FromRoute] string nodeId)
    {
    }

    public static void RemoveMember([FromRoute] string nodeId)
    {
    }

    public static void ReplaceMember([FromRoute] string nodeId, [FromBody] Schemas.Replacement body)
    {
    }

    public static void Transfer([FromBody] Schemas.Transfer body)
    {
    }

    public static void Store([FromBody] Schemas.StoreRequest body)
    {
    }

    public static void GetStored([FromRoute, Description(Key)] string key, [FromQuery, Description(LocalConsistency)] string? consistency)
    {
    }

    public static void DeleteStored([FromRoute, Description(Key)] string key)
    {
    }

    public static void Join([FromBody] Schemas.JoinRequest body)
    {
    }

    public static void Remove([FromBody] Schemas.RemoveRequest body)
    {
    }
}
