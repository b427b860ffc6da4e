using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RaftKv.Embedded;

/// <summary>One key found by a scan. Two entries are equal when all properties are; values are compared byte by byte.</summary>
public readonly record struct KvEntry
{
    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>Its value; empty for <see cref="KvScanOptions.KeysOnly"/>.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The version of its last write; <see cref="KvVersion.None"/> for <see cref="KvScanOptions.KeysOnly"/>.</summary>
    public KvVersion Version { get; init; }

    /// <summary>
    /// From when on the key may be removed, by the wall clock of the node that was asked; <c>null</c> when it does not expire, and for
    /// <see cref="KvScanOptions.KeysOnly"/>.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The value as text in UTF-8. Bytes that are not UTF-8 become U+FFFD.</summary>
    public string GetString() => Encoding.UTF8.GetString(Value.Span);

    /// <summary>The value from JSON.</summary>
    /// <param name="type">From a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    /// <returns><c>default</c> for the JSON <c>null</c>.</returns>
    /// <exception cref="JsonException">The value is not such JSON.</exception>
    public T? GetJson<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return JsonSerializer.Deserialize(Value.Span, type);
    }

    /// <summary>The value from JSON, by reflection.</summary>
    /// <param name="json">How the value is read; <c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    /// <exception cref="JsonException">The value is not such JSON.</exception>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public T? GetJson<T>(JsonSerializerOptions? json = null) => GetJson(JsonByReflection.Of<T>(json));

    /// <inheritdoc/>
    public bool Equals(KvEntry other) => Key == other.Key && Version == other.Version && ExpiresAt == other.ExpiresAt
        && Value.Span.SequenceEqual(other.Value.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, Version, Value.Length);
}
