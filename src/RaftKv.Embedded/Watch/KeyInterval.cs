namespace RaftKv.Embedded.Watch;

/// <summary>
/// Keys as one interval of bytes: <paramref name="From"/> included, <paramref name="To"/> excluded; an empty <paramref name="To"/> is no
/// end.
/// </summary>
internal readonly record struct KeyInterval(byte[] From, byte[] To)
{
    /// <summary>Whether the interval has all keys that start with <see cref="From"/>, and no others.</summary>
    public bool IsPrefix => To.AsSpan().SequenceEqual(PastPrefix(From));

    /// <summary>Whether <see cref="From"/> is the only key in it.</summary>
    public bool IsOneKey => From.Length > 0 && To.Length == From.Length + 1 && To[^1] == 0 && To.AsSpan().StartsWith(From);

    public bool Contains(ReadOnlySpan<byte> key) => key.SequenceCompareTo(From) >= 0 && (To.Length == 0 || key.SequenceCompareTo(To) < 0);

    /// <summary>
    /// The first key after all keys that start with the prefix. UTF-8 has no byte 0xFF, so the last byte can always be incremented.
    /// </summary>
    public static byte[] PastPrefix(ReadOnlySpan<byte> prefix)
    {
        if (prefix.IsEmpty)
            return [];
        var past = prefix.ToArray();
        past[^1]++;
        return past;
    }
}
