using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RaftKv.Embedded;

/// <summary>The result of a read. Two results are equal when all properties are; values are compared byte by byte.</summary>
public readonly record struct KvGetResult
{
    /// <summary>The last millisecond of the year 9999.</summary>
    private static readonly long LatestUnixMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Whether the key exists.</summary>
    public bool Found { get; init; }

    /// <summary>The value, as a separate copy; empty when not found.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The version of the key's last write; <see cref="KvVersion.None"/> when not found.</summary>
    public KvVersion Version { get; init; }

    /// <summary>The version that created the key.</summary>
    public KvVersion CreateVersion { get; init; }

    /// <summary>How often the key was written since it was created; 1 for a new key.</summary>
    public long WriteCount { get; init; }

    /// <summary>
    /// From when on the key may be removed, by the wall clock of the node that was asked, in whole milliseconds; <c>null</c> when it does
    /// not expire. The key exists until the cluster has removed it, usually within a fraction of a second after that time. Time without a
    /// leader may postpone it.
    /// </summary>
    public DateTimeOffset? ExpiresAt
    {
        get => Time(ExpiresAtMs);
        init => ExpiresAtMs = value?.ToUnixTimeMilliseconds() ?? 0;
    }

    /// <summary>How long the key lives after each use, in whole milliseconds; <c>null</c> without a sliding expiry.</summary>
    public TimeSpan? SlidingExpiration
    {
        get => SlidingMs == 0 ? null : TimeSpan.FromMilliseconds(SlidingMs);
        init => SlidingMs = (long)(value?.TotalMilliseconds ?? 0);
    }

    /// <summary>The lease the key is bound to; 0 is none.</summary>
    public long LeaseId { get; init; }

    /// <summary>
    /// <see cref="ExpiresAt"/> in Unix milliseconds; 0 is none. Log time as read from the record; converted to the wall clock before the
    /// result is returned to the caller.
    /// </summary>
    internal long ExpiresAtMs { get; init; }

    internal long SlidingMs { get; init; }

    /// <summary>The version this node had applied when it read: everything up to it is reflected in the answer.</summary>
    public KvVersion ReadAt { get; init; }

    /// <summary>
    /// For stale reads, and for those that <see cref="KvReadOptions.StaleWithoutLeader"/> made stale: the time since this node's copy was
    /// known to contain everything that was committed. Zero for all other reads.
    /// </summary>
    /// <remarks>
    /// A read index of a quorum confirms that the copy is current, once this node has applied it. So the age is usually less than a
    /// heartbeat interval and a round trip while ages are asked for, and about a second at the first time. It is zero on a leader with a
    /// lease and in a cluster without other voters, and <see cref="Timeout.InfiniteTimeSpan"/> when the copy was never known to be current.
    /// </remarks>
    public TimeSpan Age { get; init; }

    /// <summary>The value as text in UTF-8.</summary>
    /// <returns><c>null</c> when the key does not exist. Bytes that are not UTF-8 become U+FFFD.</returns>
    public string? GetString() => Found ? Encoding.UTF8.GetString(Value.Span) : null;

    /// <summary>The value from JSON, with version and lifetime.</summary>
    /// <param name="type">From a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    /// <exception cref="JsonException">The value is not such JSON.</exception>
    public KvValue<T> GetJson<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new KvValue<T>
        {
            Found = Found,
            Value = Found ? JsonSerializer.Deserialize(Value.Span, type) : default,
            Version = Version,
            ExpiresAt = ExpiresAt,
            ReadAt = ReadAt,
            Age = Age,
        };
    }

    /// <summary>The value from JSON, by reflection.</summary>
    /// <param name="json">How the value is read; <c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    /// <exception cref="JsonException">The value is not such JSON.</exception>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public KvValue<T> GetJson<T>(JsonSerializerOptions? json = null) => GetJson(JsonByReflection.Of<T>(json));

    /// <inheritdoc/>
    public bool Equals(KvGetResult other) => Found == other.Found && Version == other.Version && CreateVersion == other.CreateVersion
        && WriteCount == other.WriteCount && ExpiresAtMs == other.ExpiresAtMs && SlidingMs == other.SlidingMs && LeaseId == other.LeaseId
        && ReadAt == other.ReadAt && Age == other.Age && Value.Span.SequenceEqual(other.Value.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Found, Version, ReadAt, Value.Length);

    internal static DateTimeOffset? Time(long unixMs) =>
        unixMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(unixMs, LatestUnixMs));
}
