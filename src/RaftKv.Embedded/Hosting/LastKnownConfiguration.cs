using System.Text.Json;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// A file with the last configuration values of the store, a JSON object of texts, so that they are available before the replica is open.
/// On Unix only its owner may read it. Not synced: a file that is missing or cannot be read supplies no values, and the store supplies all
/// of them when the host starts.
/// </summary>
internal sealed class LastKnownConfiguration(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private byte[] _kept = [];

    public IReadOnlyDictionary<string, string?> Load()
    {
        var values = new Dictionary<string, string?>();
        try
        {
            _kept = File.ReadAllBytes(path);
            using var json = JsonDocument.Parse(_kept);
            foreach (var value in json.RootElement.EnumerateObject())
                values[value.Name] = value.Value.GetString();
            return values;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return new Dictionary<string, string?>();
        }
    }

    /// <summary>Replaces the file as a whole, unless the values are the same as before.</summary>
    public void Save(IReadOnlyDictionary<string, string?> values)
    {
        var json = Write(values);
        if (json.AsSpan().SequenceEqual(_kept))
            return;
        if (Path.GetDirectoryName(path) is { Length: > 0 } directory)
            Directory.CreateDirectory(directory);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(path + ".tmp", options))
            file.Write(json);
        File.Move(path + ".tmp", path, overwrite: true);
        _kept = json;
    }

    private static byte[] Write(IReadOnlyDictionary<string, string?> values)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            foreach (var (name, value) in values.OrderBy(v => v.Key, StringComparer.Ordinal))
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
