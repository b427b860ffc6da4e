using System.Text.Json;
using RaftKv.Embedded.Tool.Offline;

namespace RaftKv.Embedded.Tool.Output;

/// <summary>The cluster that a restore or a recovery has made, and what to do next.</summary>
internal static class NewClusterOutput
{
    public static void Say(RaftKvRestored restored, NodeTarget node)
    {
        Console.WriteLine($"New cluster {restored.ClusterId}; its versions begin above {restored.Version}.");
        Console.WriteLine($"Start {node.NodeId} on {node.Directory}, then add the other nodes, with empty directories, to it.");
    }

    /// <param name="json">Gets an object.</param>
    /// <param name="restored">The new cluster.</param>
    /// <param name="node">Its only member.</param>
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
