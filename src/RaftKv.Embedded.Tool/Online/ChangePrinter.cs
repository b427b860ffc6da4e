using System.Text.Json;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>Prints the events of a watch, one per line.</summary>
internal sealed class ChangePrinter(bool asJson, bool withValues, int count)
{
    private int _left = count;

    /// <returns>Whether more are wanted.</returns>
    public bool Print(string kind, JsonElement data)
    {
        if (asJson)
            WriteJson(kind, data);
        else if (kind == "state-end")
            Console.WriteLine("-- the current values end here");
        else
            Say(kind, data);
        if (kind != "state-end")
            _left--;
        return _left > 0;
    }

    private void Say(string kind, JsonElement data)
    {
        var line = $"{data.GetProperty("version").GetInt64(),-10} {kind,-8} {Text.Printable(data.GetProperty("key").GetString()!)}";
        var value = withValues && data.TryGetProperty("value", out var bytes) ? $"  {Text.Value(bytes.GetBytesFromBase64())}" : "";
        Console.WriteLine(line + value);
    }

    private void WriteJson(string kind, JsonElement data) => JsonOutput.WriteLine(json =>
    {
        json.WriteStartObject();
        json.WriteString("event", kind);
        foreach (var property in data.EnumerateObject())
        {
            if (property.Name != "value" || withValues)
                property.WriteTo(json);
        }
        json.WriteEndObject();
    });
}
