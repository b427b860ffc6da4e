using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftKv.Embedded.Tool;

/// <summary>What the tool writes and reads as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(RaftKvSurvivor))]
internal sealed partial class ToolJson : JsonSerializerContext;
