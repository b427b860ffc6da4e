namespace RaftKv.Embedded;

/// <summary>
/// One condition of a <see cref="KvTransaction"/>; create it with the static methods. For a key that does not exist, version, create
/// version, write count and lease are 0, and no comparison of its value holds. A condition on a range must hold for every key of the range;
/// a range without keys is like a key that does not exist. Two conditions are equal when all properties are; values are compared byte by
/// byte.
/// </summary>
public readonly record struct KvCompare
{
    private KvCompare(KvCompareTarget target, string? key, KvKeyRange range, KvRelation relation, long number,
        ReadOnlyMemory<byte> bytes = default) =>
        (Target, Key, Range, Relation, Number, Bytes) = (target, key, range, relation, number, bytes);

    /// <summary>The property of the key that is compared.</summary>
    public KvCompareTarget Target { get; init; }

    /// <summary>The key; <c>null</c> when the condition applies to a <see cref="Range"/>.</summary>
    public string? Key { get; init; }

    /// <summary>The range of keys, when <see cref="Key"/> is <c>null</c>.</summary>
    public KvKeyRange Range { get; init; }

    /// <summary>How the property must relate to <see cref="Number"/> or <see cref="Bytes"/>.</summary>
    public KvRelation Relation { get; init; }

    /// <summary>
    /// The version, write count or lease id that the property is compared with. Not used for <see cref="KvCompareTarget.Value"/>.
    /// </summary>
    public long Number { get; init; }

    /// <summary>The value that the key's value is compared with, for <see cref="KvCompareTarget.Value"/>.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>The key exists.</summary>
    public static KvCompare Exists(string key) => Version(key, KvRelation.NotEqual, KvVersion.None);

    /// <summary>The key does not exist.</summary>
    public static KvCompare NotExists(string key) => Version(key, KvRelation.Equal, KvVersion.None);

    /// <summary>
    /// Compares the version of a key's last write; <see cref="KvVersion.None"/> is the version of a key that does not exist.
    /// </summary>
    public static KvCompare Version(string key, KvRelation relation, KvVersion version) =>
        new(KvCompareTarget.Version, NotNull(key), default, relation, version.Value);

    /// <summary>
    /// Compares the version of the last write of each key of a range. A range without keys is like a key that does not exist: equal to
    /// <see cref="KvVersion.None"/> holds, and greater than it does not.
    /// </summary>
    public static KvCompare Version(KvKeyRange range, KvRelation relation, KvVersion version) =>
        new(KvCompareTarget.Version, null, range, relation, version.Value);

    /// <summary>Compares the version that created a key.</summary>
    public static KvCompare CreateVersion(string key, KvRelation relation, KvVersion version) =>
        new(KvCompareTarget.CreateVersion, NotNull(key), default, relation, version.Value);

    /// <summary>
    /// Compares the version that created each key of a range; equal to <see cref="KvVersion.None"/> holds when the range has no keys.
    /// </summary>
    public static KvCompare CreateVersion(KvKeyRange range, KvRelation relation, KvVersion version) =>
        new(KvCompareTarget.CreateVersion, null, range, relation, version.Value);

    /// <summary>Compares how often a key was written since it was created.</summary>
    public static KvCompare WriteCount(string key, KvRelation relation, long count) =>
        new(KvCompareTarget.WriteCount, NotNull(key), default, relation, count);

    /// <summary>
    /// Compares how often each key of a range was written since it was created; equal to 0 holds when the range has no keys.
    /// </summary>
    public static KvCompare WriteCount(KvKeyRange range, KvRelation relation, long count) =>
        new(KvCompareTarget.WriteCount, null, range, relation, count);

    /// <summary>Compares a key's value, byte by byte. The bytes are copied when the transaction is committed.</summary>
    public static KvCompare Value(string key, KvRelation relation, ReadOnlyMemory<byte> value) =>
        new(KvCompareTarget.Value, NotNull(key), default, relation, 0, value);

    /// <summary>
    /// Compares the value of each key of a range, byte by byte; it does not hold when the range has no keys. The bytes are copied when the
    /// transaction is committed.
    /// </summary>
    public static KvCompare Value(KvKeyRange range, KvRelation relation, ReadOnlyMemory<byte> value) =>
        new(KvCompareTarget.Value, null, range, relation, 0, value);

    /// <summary>Compares the id of the lease a key is bound to; 0 is none.</summary>
    public static KvCompare Lease(string key, KvRelation relation, long leaseId) =>
        new(KvCompareTarget.Lease, NotNull(key), default, relation, leaseId);

    /// <summary>Compares the id of the lease each key of a range is bound to; 0 is none, also when the range has no keys.</summary>
    public static KvCompare Lease(KvKeyRange range, KvRelation relation, long leaseId) =>
        new(KvCompareTarget.Lease, null, range, relation, leaseId);

    /// <inheritdoc/>
    public bool Equals(KvCompare other) => Target == other.Target && Key == other.Key && Range == other.Range
        && Relation == other.Relation && Number == other.Number && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Target, Key, Range, Relation, Number, Bytes.Length);

    private static string NotNull(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key;
    }
}
