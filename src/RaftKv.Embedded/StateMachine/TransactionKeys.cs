namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The keys of a condition or an operation of a transaction: one key, or with <paramref name="IsRange"/> all keys of an interval.
/// </summary>
/// <param name="IsRange">Whether it is an interval.</param>
/// <param name="From">The key, or the interval's start (included; empty is the first key there is).</param>
/// <param name="To">The interval's end (excluded; empty is no end); empty for a key.</param>
internal readonly record struct TransactionKeys(bool IsRange, ReadOnlyMemory<byte> From, ReadOnlyMemory<byte> To)
{
    public static TransactionKeys Key(ReadOnlyMemory<byte> key) => new(false, key, default);

    public static TransactionKeys Range(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to) => new(true, from, to);

    public bool Contains(ReadOnlySpan<byte> key) => IsRange
        ? key.SequenceCompareTo(From.Span) >= 0 && (To.IsEmpty || key.SequenceCompareTo(To.Span) < 0)
        : key.SequenceEqual(From.Span);

    /// <summary>Whether it is an interval that ends where it begins, or before.</summary>
    public bool IsEmpty => IsRange && !To.IsEmpty && To.Span.SequenceCompareTo(From.Span) <= 0;

    /// <summary>
    /// Whether both have a key in common, given that neither is empty and <paramref name="later"/> does not begin before this one.
    /// </summary>
    public bool Overlaps(in TransactionKeys later) =>
        later.From.Span.SequenceEqual(From.Span) || (IsRange && (To.IsEmpty || To.Span.SequenceCompareTo(later.From.Span) > 0));
}
