using System.Text.Json;
using RaftKv.Embedded.Hosting;

namespace RaftKv.Embedded.Http;

/// <summary>The status in the form of <c>GET /v1/cluster</c> and the dashboard.</summary>
internal static class StatusJson
{
    public static void Write(Utf8JsonWriter json, RaftKvStatus status)
    {
        json.WriteStartObject();
        WriteFields(json, status);
        json.WriteEndObject();
    }

    /// <summary>The fields alone, for an object that has others too.</summary>
    public static void WriteFields(Utf8JsonWriter json, RaftKvStatus status)
    {
        WriteNode(json, status);
        WriteTroubles(json, status);
        WriteResources(json, status);
        WriteLog(json, status);
        var health = new ClusterHealth(status);
        WriteQuorum(json, health);
        json.WriteStartArray("members"u8);
        foreach (var member in status.Members)
            WriteMember(json, member, status, health);
        json.WriteEndArray();
        json.WriteStartArray("elections"u8);
        foreach (var election in status.Elections)
            WriteElection(json, election);
        json.WriteEndArray();
        json.WriteStartArray("stalls"u8);
        foreach (var stall in status.Stalls)
            WriteStall(json, stall);
        json.WriteEndArray();
    }

    private static void WriteStall(Utf8JsonWriter json, RaftKvStall stall)
    {
        json.WriteStartObject();
        json.WriteString("cause"u8, stall.Cause.ToString().ToLowerInvariant());
        Milliseconds(json, "durationMs"u8, stall.Duration);
        json.WriteString("at"u8, stall.At);
        json.WriteBoolean("ongoing"u8, stall.IsOngoing);
        json.WriteString("detail"u8, stall.Detail);
        json.WriteEndObject();
    }

    private static void WriteNode(Utf8JsonWriter json, RaftKvStatus status)
    {
        json.WriteString("nodeId"u8, status.NodeId);
        json.WriteString("address"u8, status.Address);
        if (status.ClusterId != Guid.Empty)
            json.WriteString("clusterId"u8, status.ClusterId);
        json.WriteString("role"u8, Lower(status.Role));
        json.WriteBoolean("ready"u8, status.IsReady);
        if (Readiness.Of(status) is { } reason)
        {
            json.WriteString("code"u8, reason.Code);
            json.WriteString("reason"u8, reason.Text);
        }
        json.WriteNumber("term"u8, status.Term);
        json.WriteString("leaderId"u8, status.LeaderId);
        Milliseconds(json, "lastContactMs"u8, status.LastContact);
        json.WriteNumber("keyCount"u8, status.KeyCount);
        json.WriteString("durability"u8, status.Durability switch
        {
            RaftKvDurability.Fsync => "fsync"u8,
            RaftKvDurability.OsBuffered => "os-buffered"u8,
            _ => "memory"u8,
        });
    }

    // Each field is present only while it applies.
    private static void WriteTroubles(Utf8JsonWriter json, RaftKvStatus status)
    {
        if (status.Fault is { } fault)
            json.WriteString("fault"u8, fault);
        if (status.WaitsFor is { } waitsFor)
            json.WriteString("waitsFor"u8, waitsFor);
        if (status.Quarantine is { } quarantine)
            json.WriteString("quarantine"u8, quarantine);
        if (status.RolledBack is { } rolledBack)
            json.WriteString("rolledBack"u8, rolledBack);
    }

    private static void WriteResources(Utf8JsonWriter json, RaftKvStatus status)
    {
        if (status.FreeDiskBytes is { } free)
            json.WriteNumber("freeDiskBytes"u8, free);
        else
            json.WriteNull("freeDiskBytes"u8);
        json.WriteBoolean("diskFull"u8, status.IsDiskFull);
        json.WriteNumber("keyIndexBytes"u8, status.KeyIndexBytes);
        json.WriteNumber("watches"u8, status.WatchCount);
        json.WriteNumber("oldestWatchableVersion"u8, status.OldestWatchableVersion.Value);
        Milliseconds(json, "logTimeAheadMs"u8, status.LogTimeAhead);
        json.WriteStartObject("limits"u8);
        json.WriteNumber("keyBytes"u8, status.Limits.MaxKeyBytes);
        json.WriteNumber("valueBytes"u8, status.Limits.MaxValueBytes);
        json.WriteNumber("transactionBytes"u8, status.Limits.MaxTransactionBytes);
        json.WriteEndObject();
    }

    private static void WriteLog(Utf8JsonWriter json, RaftKvStatus status)
    {
        json.WriteStartObject("log"u8);
        json.WriteNumber("first"u8, status.FirstIndex);
        json.WriteNumber("snapshot"u8, status.SnapshotIndex);
        json.WriteNumber("applied"u8, status.AppliedIndex);
        json.WriteNumber("commit"u8, status.CommitIndex);
        json.WriteNumber("durable"u8, status.DurableIndex);
        json.WriteNumber("last"u8, status.LastIndex);
        json.WriteNumber("lastTerm"u8, status.LastTerm);
        json.WriteNumber("configuration"u8, status.ConfigurationIndex);
        json.WriteNumber("verified"u8, status.VerifiedIndex);
        json.WriteEndObject();
    }

    private static void WriteQuorum(Utf8JsonWriter json, in ClusterHealth health)
    {
        json.WriteStartObject("quorum"u8);
        json.WriteNumber("voters"u8, health.Voters);
        json.WriteNumber("majority"u8, health.Majority);
        json.WriteNumber("alive"u8, health.Alive);
        json.WriteNumber("mayFail"u8, health.MayFail);
        json.WriteBoolean("lost"u8, health.IsQuorumLost);
        json.WriteEndObject();
    }

    private static void WriteMember(Utf8JsonWriter json, RaftKvMemberStatus member, RaftKvStatus status, in ClusterHealth health)
    {
        json.WriteStartObject();
        json.WriteString("nodeId"u8, member.NodeId);
        json.WriteString("address"u8, member.Address);
        json.WriteBoolean("voter"u8, member.Role == RaftKvMemberRole.Voter);
        json.WriteBoolean("leader"u8, member.IsLeader);
        json.WriteString("state"u8, health.StateOf(member));
        if (member.MatchIndex is { } match)
        {
            json.WriteNumber("match"u8, match);
            json.WriteNumber("lag"u8, ClusterHealth.LagOf(member, status));
        }
        Milliseconds(json, "lastContactMs"u8, member.LastContact);
        // What only the leader knows, and the age of its report.
        if (member.ReportAge is { } age)
        {
            Milliseconds(json, "leaderContactMs"u8, member.LeaderContact);
            Milliseconds(json, "reportAgeMs"u8, age);
        }
        if (member.HasLostEntries)
            json.WriteBoolean("lostEntries"u8, true);
        if (member.ClockDifference is { } off)
            json.WriteNumber("clockDifferenceMs"u8, (long)off.TotalMilliseconds);
        json.WriteEndObject();
    }

    private static void WriteElection(Utf8JsonWriter json, RaftKvElection election)
    {
        json.WriteStartObject();
        json.WriteNumber("term"u8, election.Term);
        json.WriteString("leaderId"u8, election.LeaderId);
        json.WriteString("at"u8, election.At);
        json.WriteString("cause"u8, election.Cause);
        json.WriteEndObject();
    }

    private static void Milliseconds(Utf8JsonWriter json, ReadOnlySpan<byte> name, TimeSpan? time)
    {
        if (time is { } ago)
            json.WriteNumber(name, (long)ago.TotalMilliseconds);
        else
            json.WriteNull(name);
    }

    private static string Lower(RaftKvRole role) => role switch
    {
        RaftKvRole.Unformed => "unformed",
        RaftKvRole.Learner => "learner",
        RaftKvRole.Follower => "follower",
        RaftKvRole.Candidate => "candidate",
        RaftKvRole.Leader => "leader",
        RaftKvRole.Removed => "removed",
        RaftKvRole.Faulted => "faulted",
        RaftKvRole.Opening => "opening",
        _ => "stopped",
    };
}
