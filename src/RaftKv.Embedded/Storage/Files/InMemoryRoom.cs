namespace RaftKv.Embedded.Storage;

/// <summary>How many bytes the files of an <see cref="InMemoryFileSystem"/> may have together, and have. Thread-safe.</summary>
internal sealed class InMemoryRoom(long capacityBytes)
{
    private long _usedBytes;

    public long UsedBytes => Volatile.Read(ref _usedBytes);

    /// <summary>Takes all of it, or nothing.</summary>
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
