using System.Globalization;
using System.Text.Json;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>What <c>GET /raft/stats</c> says, as far as the sample uses it.</summary>
internal sealed record NodeStats(
    string State, long Term, string LeaderId, long LastIndex, long CommitIndex, long AppliedIndex, long KeyCount,
    bool IsReady, string LastContact, string Configuration)
{
    /// <summary>Parses the <c>data</c> of the answer; every value in it is a string.</summary>
    public static NodeStats Parse(JsonElement data)
    {
        string Text(string name) => data.GetProperty(name).GetString() ?? "";
        long Number(string name) => long.Parse(Text(name), CultureInfo.InvariantCulture);
        return new NodeStats(
            Text("state"), Number("term"), Text("leader_id"), Number("last_log_index"), Number("commit_index"), Number("applied_index"),
            Number("key_count"), Text("ready") == "true", Text("last_contact"), Text("latest_configuration"));
    }

    /// <summary>Whether this node's configuration has that member, as a voter.</summary>
    public bool HasVoter(string nodeId) => Configuration.Contains($"Suffrage:Voter ID:{nodeId} ", StringComparison.Ordinal);

    public bool HasMember(string nodeId) => Configuration.Contains($" ID:{nodeId} ", StringComparison.Ordinal);
}
