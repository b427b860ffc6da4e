namespace RaftKv.Embedded.Storage;

/// <summary>An open file. Reads may run beside one writer.</summary>
internal interface IStorageFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads up to the buffer's length; fewer only at the end of the file.</summary>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all of it, growing the file if needed.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>fdatasync: everything written before is on the disk when it returns.</summary>
    void Sync();
}
