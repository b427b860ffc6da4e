using System.Text.Json;
using RaftKv.Embedded.Tool.Offline;

namespace RaftKv.Embedded.Tool.Output;

/// <summary>Prints the cluster that a restore or a recovery has created, and what to do next.</summary>
internal static class NewClusterOutput
{
    public static void Say(RaftKvRestored restored, NodeTarget node)
    {
        Console.WriteLine($"New cluster {restored.ClusterId}; its versions begin above {restored.Version}.");
        Console.WriteLine($"Start {node.NodeId} on {node.Directory}, then add the other nodes, with empty directories, to it.");
    }

    /// <param name="json">The writer that gets an object.</param>
    /// <param name="restored">The new cluster.</param>
    /// <param name="node">The only member of the new cluster.</param>
    public static void Write(Utf8JsonWriter json, RaftKvRestored restored, NodeTarget node)
    {
        json.WriteStartObject();
        json.WriteString("clusterId", restored.ClusterId);
        json.WriteNumber("versionsAbove", restored.Version.Value);
        json.WriteString("directory", node.Directory);
        json.WriteString("nodeId", node.NodeId);
        json.WriteString("address", node.Address);
        json.WriteEndObject();
    }
}
