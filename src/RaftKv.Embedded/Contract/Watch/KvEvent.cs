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

    /// <summary>What was written; empty when a key is removed, and for <see cref="KvWatchOptions.KeysOnly"/>.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>
    /// What the key held before the change, with <see cref="KvWatchOptions.PreviousValues"/>; <c>null</c> when it did not exist. Always
    /// <c>null</c> without that option, and for events that are no change: those of the initial state, after
    /// <see cref="KvEventKind.Resynchronized"/> too.
    /// </summary>
    public KvEntry? Previous { get; init; }

    /// <summary>The version of the change: all changes of one write or transaction have the same.</summary>
    public KvVersion Version { get; init; }

    /// <summary>The version that created the key; of a removed key, the one that had.</summary>
    public KvVersion CreateVersion { get; init; }

    /// <summary>How often the key was written since it was created; of a removed key, how often it had been.</summary>
    public long WriteCount { get; init; }

    /// <summary>
    /// The last change of this version that the watch has: a transaction is whole. Everything up to <see cref="Version"/> has been seen,
    /// and a watch from the next version on continues without a gap. Always <c>false</c> before
    /// <see cref="KvEventKind.InitialStateEnd"/>.
    /// </summary>
    public bool EndsVersion { get; init; }

    /// <summary>What was written, as text in UTF-8. Bytes that are not UTF-8 come as U+FFFD.</summary>
    /// <returns><c>null</c> unless the event is a <see cref="KvEventKind.Put"/>.</returns>
    public string? GetString() => Kind == KvEventKind.Put ? Encoding.UTF8.GetString(Value.Span) : null;

    /// <summary>What was written, from JSON.</summary>
    /// <param name="type">From a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    /// <returns><c>default</c> for the JSON <c>null</c>, and unless the event is a <see cref="KvEventKind.Put"/>.</returns>
    /// <exception cref="JsonException">
    /// The value is not such JSON; with <see cref="KvWatchOptions.KeysOnly"/> there is none.
    /// </exception>
    public T? GetJson<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Kind == KvEventKind.Put ? JsonSerializer.Deserialize(Value.Span, type) : default;
    }

    /// <summary>What was written, from JSON, by reflection; see <see cref="GetJson{T}(JsonTypeInfo{T})"/>.</summary>
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
