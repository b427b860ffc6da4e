namespace RaftKv.Embedded.Node;

/// <summary>
/// Copies small commands side by side into blocks. The log keeps the memory that it is given until the entry is evicted: many commands are
/// then one object to it, and the buffers of their callers are free again at once. Not thread-safe.
/// </summary>
internal sealed class CommandBlocks
{
    /// <summary>A copy of more than this costs more than it saves.</summary>
    public const int MaxCommandBytes = 4096;

    private const int BlockBytes = 32 * 1024;

    private byte[] _block = [];
    private int _used;

    public Memory<byte> Copy(ReadOnlySpan<byte> command)
    {
        if (_used + command.Length > _block.Length)
        {
            _block = GC.AllocateUninitializedArray<byte>(BlockBytes);
            _used = 0;
        }
        var copy = _block.AsMemory(_used, command.Length);
        command.CopyTo(copy.Span);
        _used += command.Length;
        return copy;
    }
}
