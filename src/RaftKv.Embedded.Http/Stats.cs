using System.Globalization;
using System.Text.Json;

namespace RaftKv.Embedded.Http;

/// <summary>
/// The status under the names and in the form of hashicorp/raft, where every value is a string. Fields for which hashicorp/raft has no name
/// follow.
/// </summary>
internal static class Stats
{
    public static void Write(Utf8JsonWriter json, RaftKvStatus status)
    {
        json.WriteStartObject();
        json.WriteString("state"u8, status.Role == RaftKvRole.Stopped ? "Shutdown" : status.Role.ToString());
        Number(json, "term"u8, status.Term);
        Number(json, "last_log_index"u8, status.LastIndex);
        Number(json, "last_log_term"u8, status.LastTerm);
        Number(json, "commit_index"u8, status.CommitIndex);
        Number(json, "applied_index"u8, status.AppliedIndex);
        Number(json, "fsm_pending"u8, Math.Max(0, status.CommitIndex - status.AppliedIndex));
        Number(json, "last_snapshot_index"u8, status.SnapshotIndex);
        Number(json, "last_snapshot_term"u8, status.SnapshotTerm);
        json.WriteString("last_contact"u8, LastContact(status));
        Number(json, "num_peers"u8, status.Members.Count(m => m.Role == RaftKvMemberRole.Voter && m.NodeId != status.NodeId));
        json.WriteString("latest_configuration"u8, Configuration(status.Members));
        Number(json, "latest_configuration_index"u8, status.ConfigurationIndex);
        json.WriteString("node_id"u8, status.NodeId);
        json.WriteString("raft_address"u8, status.Address);
        json.WriteString("leader_id"u8, status.LeaderId ?? "");
        json.WriteString("cluster_id"u8, status.ClusterId == Guid.Empty ? "" : status.ClusterId.ToString());
        json.WriteString("ready"u8, status.IsReady ? "true" : "false");
        Number(json, "first_log_index"u8, status.FirstIndex);
        Number(json, "durable_index"u8, status.DurableIndex);
        Number(json, "key_count"u8, status.KeyCount);
        json.WriteString("durability"u8, status.Durability.ToString());
        if (status.Fault is { } fault)
            json.WriteString("fault"u8, fault);
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out var length, provider: CultureInfo.InvariantCulture);
        json.WriteString(name, digits[..length]);
    }

    // "0" on the leader, "never", or a duration that Go's ParseDuration reads.
    private static string LastContact(RaftKvStatus status) => status.Role == RaftKvRole.Leader ? "0"
        : status.LastContact is { } ago ? string.Create(CultureInfo.InvariantCulture, $"{ago.TotalMilliseconds:0.###}ms")
        : "never";

    private static string Configuration(IReadOnlyList<RaftKvMemberStatus> members) =>
        "[" + string.Join(' ', members.Select(m => $"{{Suffrage:{SuffrageOf(m)} ID:{m.NodeId} Address:{m.Address}}}")) + "]";

    private static string SuffrageOf(RaftKvMemberStatus member) => member.Role == RaftKvMemberRole.Voter ? "Voter" : "Nonvoter";
}
