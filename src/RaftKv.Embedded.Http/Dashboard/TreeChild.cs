using System.Text.Json;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>A key or a group of keys directly below a prefix; a group has no version, size or expiry.</summary>
internal readonly record struct TreeChild(string Name, bool IsGroup, bool IsInternal)
{
    public KvVersion Version { get; init; }

    public long Bytes { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public long LeaseId { get; init; }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, Name);
        json.WriteBoolean("group"u8, IsGroup);
        json.WriteBoolean("internal"u8, IsInternal);
        if (!IsGroup)
        {
            json.WriteNumber("version"u8, Version.Value);
            json.WriteNumber("bytes"u8, Bytes);
            if (ExpiresAt is { } end)
                json.WriteString("expiresAt"u8, end);
            if (LeaseId != 0)
                json.WriteNumber("leaseId"u8, LeaseId);
        }
        json.WriteEndObject();
    }
}
