using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RaftKv.Embedded;

/// <summary>An event of a watch. Two events are equal when all properties are; values are compared byte by byte.</summary>
public readonly record struct KvEvent
{
    /// <summary>What happened.</summary>
    public KvEventKind Kind { get; init; }

    /// <summary>The key; empty for <see cref="KvEventKind.InitialStateEnd"/> and <see cref="KvEventKind.Progress"/>.</summary>
    public string Key { get; init; }

    /// <summary>The value that was written; empty when a key is removed, and for <see cref="KvWatchOptions.KeysOnly"/>.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>
    /// The entry of the key before the change, with <see cref="KvWatchOptions.PreviousValues"/>; <c>null</c> when the key did not exist.
    /// Always <c>null</c> without that option, and for events that are not changes: those of the initial state, also after
    /// <see cref="KvEventKind.Resynchronized"/>.
    /// </summary>
    public KvEntry? Previous { get; init; }

    /// <summary>The version of the change; the same for all changes of one write or transaction.</summary>
    public KvVersion Version { get; init; }

    /// <summary>The version that created the key; for a removed key, the version that had created it.</summary>
    public KvVersion CreateVersion { get; init; }

    /// <summary>How often the key was written since it was created; for a removed key, the count before the removal.</summary>
    public long WriteCount { get; init; }

    /// <summary>
    /// Whether this is the last event of its version: the transaction is complete. All changes up to <see cref="Version"/> have been
    /// yielded, and a watch from the next version on continues without a gap. Always <c>false</c> before
    /// <see cref="KvEventKind.InitialStateEnd"/>.
    /// </summary>
    public bool EndsVersion { get; init; }

    /// <summary>The written value as text in UTF-8. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <returns><c>null</c> unless the event is a <see cref="KvEventKind.Put"/>.</returns>
    public string? GetString() => Kind == KvEventKind.Put ? Encoding.UTF8.GetString(Value.Span) : null;

    /// <summary>The written value, from JSON.</summary>
    /// <param name="type">From a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    /// <returns><c>default</c> for the JSON <c>null</c>, and for events other than a <see cref="KvEventKind.Put"/>.</returns>
    /// <exception cref="JsonException">
    /// The value is not such JSON; with <see cref="KvWatchOptions.KeysOnly"/> there is no value.
    /// </exception>
    public T? GetJson<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Kind == KvEventKind.Put ? JsonSerializer.Deserialize(Value.Span, type) : default;
    }

    /// <summary>The written value, from JSON, by reflection; see <see cref="GetJson{T}(JsonTypeInfo{T})"/>.</summary>
    /// <param name="json">How the value is read; <c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    /// <exception cref="JsonException">The value is not such JSON.</exception>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public T? GetJson<T>(JsonSerializerOptions? json = null) => GetJson(JsonByReflection.Of<T>(json));

    /// <inheritdoc/>
    public bool Equals(KvEvent other) => Kind == other.Kind && Key == other.Key && Version == other.Version
        && CreateVersion == other.CreateVersion && WriteCount == other.WriteCount && EndsVersion == other.EndsVersion
        && Value.Span.SequenceEqual(other.Value.Span) && Previous.Equals(other.Previous);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Key, Version, Value.Length);
}
