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

    /// <inheritdoc/>
    public bool Equals(KvEvent other) => Kind == other.Kind && Key == other.Key && Version == other.Version
        && CreateVersion == other.CreateVersion && WriteCount == other.WriteCount && EndsVersion == other.EndsVersion
        && Value.Span.SequenceEqual(other.Value.Span) && Previous.Equals(other.Previous);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Key, Version, Value.Length);
}
