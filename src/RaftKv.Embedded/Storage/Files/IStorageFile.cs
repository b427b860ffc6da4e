namespace RaftKv.Embedded.Storage;

/// <summary>An open file. Reads may run concurrently with one writer.</summary>
internal interface IStorageFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads up to the buffer's length; fewer only at the end of the file.</summary>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all <paramref name="bytes"/>; the file grows if needed.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>fdatasync: all earlier writes are on the disk when it returns.</summary>
    void Sync();
}
