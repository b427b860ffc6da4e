using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Client;

/// <summary>Converts ranges of keys into intervals of bytes.</summary>
internal static class KeyRanges
{
    /// <exception cref="ArgumentException">A bound is not valid Unicode.</exception>
    /// <exception cref="RaftKvLimitExceededException">A bound is too long.</exception>
    public static KeyInterval Interval(KvKeyRange range, int maxKeyBytes)
    {
        var prefix = Bytes(range.Prefix, maxKeyBytes);
        // An end may be one byte longer than the longest key: KvKeyRange.Exactly appends a zero byte to the key.
        return new KeyInterval(Later(Bytes(range.From, maxKeyBytes), prefix),
            Earlier(Bytes(range.To, maxKeyBytes + 1), KeyInterval.PastPrefix(prefix)));
    }

    /// <summary>The key as UTF-8; empty when it is <c>null</c> or empty.</summary>
    public static byte[] Bytes(string? key, int maxKeyBytes)
    {
        if (string.IsNullOrEmpty(key))
            return [];
        using var encoded = new KeyEncoding(key, maxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        return encoded.Bytes.ToArray();
    }

    private static byte[] Later(byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b) >= 0 ? a : b;

    /// <summary>The earlier of two ends; an empty one means no end.</summary>
    private static byte[] Earlier(byte[] a, byte[] b)
    {
        if (a.Length == 0 || b.Length == 0)
            return a.Length == 0 ? b : a;
        return a.AsSpan().SequenceCompareTo(b) <= 0 ? a : b;
    }
}
