namespace RaftKv.Embedded.Consensus;

/// <summary>Received pieces of a snapshot that wait for the disk, which answers them in their order. Bounded in bytes.</summary>
internal sealed class WaitingPieces
{
    private readonly Queue<int> _bytes = new();

    public long Bytes { get; private set; }

    /// <summary>
    /// Whether another piece may wait. One piece always may. A question without data is dropped while pieces wait, because the answers to
    /// them say the same.
    /// </summary>
    public bool TryAdd(int bytes, long most)
    {
        if (_bytes.Count > 0 && (bytes == 0 || Bytes + bytes > most))
            return false;
        _bytes.Enqueue(bytes);
        Bytes += bytes;
        return true;
    }

    public void TakeOldest()
    {
        if (_bytes.TryDequeue(out var bytes))
            Bytes -= bytes;
    }
}
