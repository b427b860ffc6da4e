namespace RaftKv.Embedded.Storage;

/// <summary>
/// The bytes of keys in the order in which they were added, and where each ends. The writer only appends: a key whose number a reader has
/// never changes.
/// </summary>
internal sealed class KeyIndexPage(int keys, int bytes)
{
    /// <summary>The bytes of the page object and of the headers of its two arrays.</summary>
    private const int ObjectBytes = 88;

    private readonly int[] _ends = new int[keys];
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(bytes);

    /// <summary>The bytes of the page in memory.</summary>
    public int MemoryBytes => ObjectBytes + sizeof(int) * _ends.Length + _bytes.Length;

    /// <summary>Writer only.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<byte> this[int i]
    {
        get
        {
            var start = i == 0 ? 0 : _ends[i - 1];
            return _bytes.AsSpan(start, _ends[i] - start);
        }
    }

    public bool HasRoomFor(ReadOnlySpan<byte> key) => Count < _ends.Length && key.Length <= _bytes.Length - UsedBytes;

    /// <summary>
    /// Adds a key for which <see cref="HasRoomFor"/> is true. Writer only. Returns the key's number; publishing the number publishes the
    /// bytes.
    /// </summary>
    public byte Append(ReadOnlySpan<byte> key)
    {
        var start = UsedBytes;
        key.CopyTo(_bytes.AsSpan(start));
        _ends[Count] = start + key.Length;
        return checked((byte)Count++);
    }

    private int UsedBytes => Count == 0 ? 0 : _ends[Count - 1];
}
