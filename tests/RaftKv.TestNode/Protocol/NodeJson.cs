using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftKv.TestNode.Protocol;

/// <summary>How both ends write their lines: one JSON object each, with nothing that is null.</summary>
public static class NodeJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };
}
