using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftKv.Embedded.Tool.Offline;

/// <summary>The report of a survivor as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(RaftKvSurvivingNode))]
internal sealed partial class ToolJson : JsonSerializerContext;
