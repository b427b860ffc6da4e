namespace RaftKv.Embedded.Storage;

/// <summary>Counts the bytes that the files of an <see cref="InMemoryFileSystem"/> have together, up to a capacity. Thread-safe.</summary>
internal sealed class InMemoryRoom(long capacityBytes)
{
    private long _usedBytes;

    public long UsedBytes => Volatile.Read(ref _usedBytes);

    /// <summary>Takes all <paramref name="bytes"/>, or none.</summary>
    public bool TryTake(long bytes)
    {
        var used = UsedBytes;
        while (bytes <= capacityBytes - used)
        {
            var found = Interlocked.CompareExchange(ref _usedBytes, used + bytes, used);
            if (found == used)
                return true;
            used = found;
        }
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _usedBytes, -bytes);
}
