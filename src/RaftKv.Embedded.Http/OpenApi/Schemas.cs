using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftKv.Embedded.Http.OpenApi;

/// <summary>
/// The bodies of requests and answers as a document shows them. No instance of these types is created at run time: the routes write their
/// answers directly. The names of the fields are repeated here so that no naming policy of the app changes them. A property outside the
/// parameter list may be absent.
/// </summary>
internal static class Schemas
{
    [Description("An error (RFC 9457). Status and code are stable; the detail is for people.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Problem(
        [property: JsonPropertyName("type")] string Type,
        [property: JsonPropertyName("title")] string Title,
        [property: JsonPropertyName("status")] int Status,
        [property: JsonPropertyName("detail")] string Detail,
        [property: JsonPropertyName("code"), Description("What happened, for programs.")] string Code)
    {
        [JsonPropertyName("field"), Description("The field, parameter or header that is wrong.")]
        public string Field { get; init; } = null!;

        [JsonPropertyName("currentVersion"), Description("The key's version, where a condition on it did not hold; 0 when it does not exist.")]
        public long CurrentVersion { get; init; }

        [JsonPropertyName("limit"), Description("The limit that was exceeded, in bytes.")]
        public long Limit { get; init; }

        [JsonPropertyName("actual"), Description("What exceeded it, in bytes, where that is known.")]
        public long Actual { get; init; }

        [JsonPropertyName("compactVersion"), Description("The lowest version at which a watch can still begin.")]
        public long CompactVersion { get; init; }
    }

    [Description("An error of the article's routes.")]
    public sealed record Error([property: JsonPropertyName("error")] string Text, [property: JsonPropertyName("code")] string Code)
    {
        [JsonPropertyName("field"), Description("The field, parameter or header that is wrong.")]
        public string Field { get; init; } = null!;
    }

    [Description("A key that was written.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Written([property: JsonPropertyName("key")] string Key, [property: JsonPropertyName("version")] long Version)
    {
        [JsonPropertyName("expiresAt"), Description("When the key expires, where the request gave it a lifetime.")]
        public DateTimeOffset ExpiresAt { get; init; }
    }

    [Description("A key that was deleted, or was not there.")]
    public sealed record Deleted([property: JsonPropertyName("key")] string Key, [property: JsonPropertyName("deleted")] bool WasThere);

    [Description("Keys in UTF-8 ordinal order.")]
    public sealed record Page([property: JsonPropertyName("entries")] IReadOnlyList<PageEntry> Entries)
    {
        [JsonPropertyName("next"), Description("What after takes for the page behind this one; absent on the last.")]
        public string Next { get; init; } = null!;
    }

    [Description("A key of a page; with keysOnly=true nothing but its name.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record PageEntry([property: JsonPropertyName("key")] string Key)
    {
        [JsonPropertyName("version")]
        public long Version { get; init; }

        [JsonPropertyName("bytes"), Description("The length of the value.")]
        public long Bytes { get; init; }

        [JsonPropertyName("expiresAt"), Description("When the key expires, where it does.")]
        public DateTimeOffset ExpiresAt { get; init; }

        [JsonPropertyName("value"), Description("The value in base64.")]
        public byte[] Value { get; init; } = null!;
    }

    [Description("The first 100 locks and leader elections, in the order of their names.")]
    public sealed record Locks(
        [property: JsonPropertyName("locks")] IReadOnlyList<HeldLock> Held,
        [property: JsonPropertyName("more"), Description("Whether there are others behind these.")] bool HasMore);

    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record HeldLock(
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("holder"),
            Description("The node that holds it; empty when its key was not written as a lock.")] string Holder,
        [property: JsonPropertyName("token"), Description("Its fencing token.")] long Token,
        [property: JsonPropertyName("askedAt"), Description("When the holder asked for it, by the holder's clock.")] DateTimeOffset AskedAt,
        [property: JsonPropertyName("waiting"), Description("How many wait for it.")] int Waiting)
    {
        [JsonPropertyName("lease"), Description("The lease it is bound to; absent when that has just ended.")]
        public LockLease Lease { get; init; } = null!;
    }

    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record LockLease(
        [property: JsonPropertyName("id")] long Id,
        [property: JsonPropertyName("timeToLiveMs")] long TimeToLiveMs,
        [property: JsonPropertyName("remainingMs")] long RemainingMs,
        [property: JsonPropertyName("keyCount")] int KeyCount);

    [Description("Leases in the order of their ids.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Leases([property: JsonPropertyName("leases")] IReadOnlyList<Lease> Found)
    {
        [JsonPropertyName("next"), Description("What after takes for the page behind this one; absent on the last.")]
        public long Next { get; init; }
    }

    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Lease(
        [property: JsonPropertyName("id")] long Id,
        [property: JsonPropertyName("timeToLiveMs"),
            Description("How long it lives without a renewal, in milliseconds.")] long TimeToLiveMs,
        [property: JsonPropertyName("remainingMs"), Description("What is left of that.")] long RemainingMs,
        [property: JsonPropertyName("keyCount"), Description("How many keys are bound to it.")] int KeyCount,
        [property: JsonPropertyName("keys"), Description("The first 10 of its keys.")] IReadOnlyList<string> Keys)
    {
        [JsonPropertyName("holder"), Description("The node that holds it, where it is the lease of a lock or a leader election.")]
        public string Holder { get; init; } = null!;
    }

    [Description("A node as it sees itself and its cluster.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Status(
        [property: JsonPropertyName("nodeId")] string NodeId,
        [property: JsonPropertyName("address")] string Address,
        [property: JsonPropertyName("role"), Description("opening, unformed, learner, follower, candidate, leader, removed, faulted "
            + "or stopped.")] string Role,
        [property: JsonPropertyName("ready"), Description("Whether it serves linearizable reads and writes.")] bool Ready,
        [property: JsonPropertyName("term")] long Term,
        [property: JsonPropertyName("leaderId")] string? LeaderId,
        [property: JsonNumberHandling(JsonNumberHandling.Strict), JsonPropertyName("lastContactMs"), Description("Milliseconds since "
            + "it heard from the leader; 0 on the leader.")] long? LastContactMs,
        [property: JsonPropertyName("keyCount")] long KeyCount,
        [property: JsonPropertyName("durability"), Description("fsync, os-buffered or memory.")] string Durability,
        [property: JsonPropertyName("log")] Log Log,
        [property: JsonPropertyName("members")] IReadOnlyList<Member> Members,
        [property: JsonPropertyName("elections")] IReadOnlyList<Election> Elections)
    {
        [JsonPropertyName("clusterId")]
        public Guid ClusterId { get; init; }

        [JsonPropertyName("code"), Description("Why it is not ready, for programs.")]
        public string Code { get; init; } = null!;

        [JsonPropertyName("reason"), Description("Why it is not ready, in words.")]
        public string Reason { get; init; } = null!;

        [JsonPropertyName("fault"), Description("Why it is faulted.")]
        public string Fault { get; init; } = null!;

        [JsonPropertyName("waitsFor"), Description("What it waits for while it has no cluster, and what to do about it.")]
        public string WaitsFor { get; init; } = null!;

        [JsonPropertyName("quarantine"), Description("Why it serves nothing although it takes part: its copy is being replaced.")]
        public string Quarantine { get; init; } = null!;

        [JsonPropertyName("rolledBack"), Description("Why it gives no vote: its data directory is older than what a peer has seen of it.")]
        public string RolledBack { get; init; } = null!;

        [JsonPropertyName("freeDiskBytes"), Description("Free bytes of the disk of its data directory; null while not known.")]
        public long? FreeDiskBytes { get; init; }

        [JsonPropertyName("diskFull")]
        [Description("Whether its disk has less room than its reserve, or it leads and refuses writes because a quorum lacks room.")]
        public bool DiskFull { get; init; }

        [JsonPropertyName("keyIndexBytes"), Description("Memory of the ordered index of the keys, in bytes.")]
        public long KeyIndexBytes { get; init; }

        [JsonPropertyName("watches"), Description("Watches on this node.")]
        public int Watches { get; init; }

        [JsonPropertyName("oldestWatchableVersion"), Description("The oldest version at which a watch on this node can begin.")]
        public long OldestWatchableVersion { get; init; }

        [JsonPropertyName("logTimeAheadMs")]
        [Description("By how many milliseconds log time is ahead of its wall clock; null while it has no cluster.")]
        public long? LogTimeAheadMs { get; init; }

        [JsonPropertyName("limits"), Description("The sizes that the cluster takes, in bytes.")]
        public Limits Limits { get; init; } = null!;

        [JsonPropertyName("quorum"), Description("The voters as the node that answers reaches them.")]
        public Quorum Quorum { get; init; } = null!;

        [JsonPropertyName("stalls"), Description("The last times in which it did not get on, newest first.")]
        public IReadOnlyList<Stall> Stalls { get; init; } = null!;
    }

    [Description("A time in which the node did not get on.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Stall(
        [property: JsonPropertyName("cause"), Description("fsync, gc, threadpool, network, process or apply.")] string Cause,
        [property: JsonPropertyName("durationMs"), Description("In milliseconds; of one that is still going on, so far.")] long DurationMs,
        [property: JsonPropertyName("at")] DateTimeOffset At,
        [property: JsonPropertyName("ongoing"), Description("Whether it is still going on.")] bool Ongoing,
        [property: JsonPropertyName("detail")] string Detail);

    [Description("The voters as a node reaches them.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Quorum(
        [property: JsonPropertyName("voters")] int Voters,
        [property: JsonPropertyName("majority")] int Majority,
        [property: JsonPropertyName("alive"), Description("How many voters can be reached, the node itself among them.")] int Alive,
        [property: JsonPropertyName("mayFail"), Description("How many more voters may fail before the quorum is lost.")] int MayFail,
        [property: JsonPropertyName("lost"), Description("Whether the voters that can be reached are no majority, and no other leader is heard.")] bool Lost);

    [Description("The largest key, value and transaction, in bytes.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Limits(
        [property: JsonPropertyName("keyBytes")] long KeyBytes,
        [property: JsonPropertyName("valueBytes")] long ValueBytes,
        [property: JsonPropertyName("transactionBytes")] long TransactionBytes);

    [Description("Positions in the replicated log.")]
    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Log(
        [property: JsonPropertyName("first")] long First,
        [property: JsonPropertyName("snapshot")] long Snapshot,
        [property: JsonPropertyName("applied")] long Applied,
        [property: JsonPropertyName("commit")] long Commit,
        [property: JsonPropertyName("durable")] long Durable,
        [property: JsonPropertyName("last")] long Last,
        [property: JsonPropertyName("lastTerm")] long LastTerm,
        [property: JsonPropertyName("configuration")] long Configuration,
        [property: JsonPropertyName("verified")]
        [property: Description("The last position at which all copies were compared and found equal, as far as this node led the "
            + "comparison.")]
        long Verified);

    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Member(
        [property: JsonPropertyName("nodeId")] string NodeId,
        [property: JsonPropertyName("address")] string Address,
        [property: JsonPropertyName("voter")] bool Voter,
        [property: JsonPropertyName("leader")] bool Leader,
        [property: JsonNumberHandling(JsonNumberHandling.Strict), JsonPropertyName("lastContactMs")] long? LastContactMs)
    {
        [JsonPropertyName("state"),
            Description("alive, lagging (more than 1,000 entries behind) or dead: neither the leader nor the node that answers hears it.")]
        public string State { get; init; } = null!;

        [JsonPropertyName("match"), Description("The last position known to be on its disk, as the leader told it.")]
        public long Match { get; init; }

        [JsonPropertyName("lag"), Description("How many entries it is behind.")]
        public long Lag { get; init; }

        [JsonPropertyName("leaderContactMs")]
        [Description("Milliseconds since the leader heard from it; null for never, absent while the leader has told nothing.")]
        public long? LeaderContactMs { get; init; }

        [JsonPropertyName("reportAgeMs"),
            Description("How old what the leader told of it is: 0 on the leader, about a second at most on others.")]
        public long ReportAgeMs { get; init; }

        [JsonPropertyName("lostEntries"),
            Description("Present and true when its disk no longer has entries that it acknowledged; it counts for no quorum. The "
                + "leader tells it.")]
        public bool LostEntries { get; init; }

        [JsonPropertyName("clockDifferenceMs"), Description("By how much its wall clock differs from the median of the voters' "
            + "clocks, when that is more than a second.")]
        public long ClockDifferenceMs { get; init; }
    }

    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Election(
        [property: JsonPropertyName("term")] long Term,
        [property: JsonPropertyName("leaderId")] string? LeaderId,
        [property: JsonPropertyName("at")] DateTimeOffset At,
        [property: JsonPropertyName("cause")] string Cause);

    public sealed record NewMember([property: JsonPropertyName("nodeId")] string NodeId, [property: JsonPropertyName("address"), Description("host:port")] string Address)
    {
        [JsonPropertyName("role"), Description("voter (default), or learner: it gets every write and never votes.")]
        public string Role { get; init; } = null!;
    }

    public sealed record Replacement(
        [property: JsonPropertyName("nodeId"), Description("The new node.")] string NodeId,
        [property: JsonPropertyName("address"), Description("host:port")] string Address);

    public sealed record Transfer
    {
        [JsonPropertyName("to"), Description("The node that shall lead; absent for the most advanced voter.")]
        public string To { get; init; } = null!;
    }

    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record Snapshot([property: JsonPropertyName("version"), Description("The position in the log that the snapshot reflects.")] long Version);

    public sealed record Probe([property: JsonPropertyName("status")] string Status);

    public sealed record StoreRequest(
        [property: JsonPropertyName("key")] string Key, [property: JsonPropertyName("value"), Description("Any JSON value; it comes "
            + "back byte for byte.")] JsonElement Value);

    public sealed record StoreAnswer([property: JsonPropertyName("message")] string Message, [property: JsonPropertyName("data")] StoreEntry Data);

    [JsonNumberHandling(JsonNumberHandling.Strict)]
    public sealed record StoreEntry([property: JsonPropertyName("key")] string Key, [property: JsonPropertyName("value")] JsonElement Value)
    {
        [JsonPropertyName("version")]
        public long Version { get; init; }

        [JsonPropertyName("deleted"), Description("After a deletion: whether the key was there.")]
        public bool WasThere { get; init; }
    }

    public sealed record JoinRequest(
        [property: JsonPropertyName("node_id")] string NodeId, [property: JsonPropertyName("raft_address"), Description("host:port")] string RaftAddress);

    public sealed record RemoveRequest([property: JsonPropertyName("node_id")] string NodeId);

    public sealed record StatsAnswer(
        [property: JsonPropertyName("message")] string Message,
        [property: JsonPropertyName("data"), Description("The status under the names of hashicorp/raft; every value is a string.")] Dictionary<string, string> Data);

    public sealed record RuntimeAnswer(
        [property: JsonPropertyName("message")] string Message, [property: JsonPropertyName("data"), Description("process, gc and thread_pool")] Dictionary<string, JsonElement> Data);
}
