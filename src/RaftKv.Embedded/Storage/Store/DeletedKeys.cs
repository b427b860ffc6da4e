using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The keys that were deleted since a checkpoint was made, as long as they take no more than 16 MiB; after that nothing is known. For one
/// writer and one reader at a time.
/// </summary>
internal sealed class DeletedKeys
{
    private const long MaxBytes = 16 * 1024 * 1024;
    private const int BytesPerKey = 64;

    private readonly Lock _gate = new();
    private readonly HashSet<byte[]> _keys = new(KeyBytesComparer.Instance);
    private long _bytes;

    public void Add(ReadOnlySpan<byte> key)
    {
        lock (_gate)
        {
            if (_bytes > MaxBytes || !_keys.GetAlternateLookup<ReadOnlySpan<byte>>().Add(key))
                return;
            _bytes += BytesPerKey + key.Length;
            if (_bytes > MaxBytes)
                _keys.Clear();
        }
    }

    /// <summary>Whether the key is known not to have been deleted.</summary>
    public bool IsWithout(ReadOnlySpan<byte> key)
    {
        lock (_gate)
            return _bytes <= MaxBytes && !_keys.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(key);
    }
}
