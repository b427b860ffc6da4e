using System.Text.Json;
using RaftKv.Embedded.Tool.Offline;

namespace RaftKv.Embedded.Tool.Output;

/// <summary>Prints the survivors of a cluster, the plan of a recovery, and its result.</summary>
internal static class RecoveryOutput
{
    public static void Say(RaftKvSurvivingNode survivor)
    {
        Console.WriteLine(
            $"  {survivor.NodeId,-12} last term {survivor.LastTerm}, last version {survivor.LastVersion} "
            + $"of {survivor.LastWriteAt:yyyy-MM-dd HH:mm:ss.fff} UTC, snapshot {survivor.SnapshotVersion}, "
            + $"{(survivor.IsVoter ? "voter" : "not a voter")} of {string.Join(", ", survivor.Voters)}; {survivor.DataDirectory}");
        if (survivor.Damage is { } damage)
            Console.WriteLine($"    counted up to its damage: {damage}");
    }

    public static void Say(RaftKvRecoveryPlan plan)
    {
        Console.WriteLine($"Cluster {plan.ClusterId}, the best survivor first:");
        foreach (var survivor in plan.Ranked)
            Say(survivor);
        foreach (var finding in plan.Findings)
            Console.WriteLine($"- {finding}");
    }

    public static void SayWhatIsNext(RaftKvRecoveryPlan plan, RaftKvRestored? restored, NodeTarget node)
    {
        if (plan.HasQuorum)
            return;
        if (restored is null)
        {
            Console.WriteLine(
                $"Nothing was changed. To begin a new cluster with what {plan.Best.NodeId} has, repeat with --confirm {plan.ClusterId}");
            return;
        }
        foreach (var other in plan.Ranked.Skip(1))
            Console.WriteLine($"On its machine: raftkv retire {other.DataDirectory} --cluster {restored.ClusterId}");
        NewClusterOutput.Say(restored, node);
    }

    /// <summary>The plan, and the new cluster once it is created.</summary>
    public static void Write(Utf8JsonWriter json, RaftKvRecoveryPlan plan, RaftKvRestored? restored, NodeTarget node)
    {
        json.WriteStartObject();
        json.WriteString("clusterId", plan.ClusterId);
        json.WriteBoolean("hasQuorum", plan.HasQuorum);
        json.WriteBoolean("mayLoseWrites", plan.MayLoseWrites);
        json.WriteStartArray("missingVoters");
        foreach (var voter in plan.MissingVoters)
            json.WriteStringValue(voter);
        json.WriteEndArray();
        json.WriteStartArray("findings");
        foreach (var finding in plan.Findings)
            json.WriteStringValue(finding);
        json.WriteEndArray();
        json.WriteStartArray("ranked");
        foreach (var survivor in plan.Ranked)
            JsonSerializer.Serialize(json, survivor, ToolJson.Default.RaftKvSurvivingNode);
        json.WriteEndArray();
        if (restored is not null)
        {
            json.WritePropertyName("restored");
            NewClusterOutput.Write(json, restored, node);
        }
        json.WriteEndObject();
    }

    public static void WriteRetired(Utf8JsonWriter json, string directory, Guid successor)
    {
        json.WriteStartObject();
        json.WriteString("directory", directory);
        json.WriteString("successor", successor);
        json.WriteEndObject();
    }
}
