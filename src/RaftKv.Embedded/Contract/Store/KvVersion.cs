namespace RaftKv.Embedded;

/// <summary>
/// A position in the replicated log: the version of a key, the freshness of a read, the state that a scan reads, or the start of a watch.
/// The versions of one key rise, with gaps. Equal versions are the same write on every node.
/// </summary>
/// <param name="Value">The log index; 0 means "none".</param>
public readonly record struct KvVersion(long Value) : IComparable<KvVersion>
{
    /// <summary>No version: the key does not exist.</summary>
    public static KvVersion None => default;

    /// <inheritdoc/>
    public int CompareTo(KvVersion other) => Value.CompareTo(other.Value);

    /// <summary>Earlier in the log.</summary>
    public static bool operator <(KvVersion left, KvVersion right) => left.Value < right.Value;

    /// <summary>Later in the log.</summary>
    public static bool operator >(KvVersion left, KvVersion right) => left.Value > right.Value;

    /// <summary>Earlier in the log, or equal.</summary>
    public static bool operator <=(KvVersion left, KvVersion right) => left.Value <= right.Value;

    /// <summary>Later in the log, or equal.</summary>
    public static bool operator >=(KvVersion left, KvVersion right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
