namespace RaftKv.Embedded.Storage;

/// <summary>
/// Writes pages of FASTER's log to the scratch files. A page stays in use during its flush: readers and writers change the lock bits of its
/// records. The checksums and the bytes of the file are therefore taken from one private copy. For one thread at a time.
/// </summary>
internal sealed class ScratchWriter(ScratchChecksums checksums)
{
    private const int CopyBytes = 256 * 1024;

    private readonly byte[] _copy = GC.AllocateUninitializedArray<byte>(CopyBytes, pinned: true);

    /// <param name="page">Whole sectors of live memory.</param>
    public void Write(IStorageFile file, int segment, long offset, ReadOnlySpan<byte> page)
    {
        while (!page.IsEmpty)
        {
            var part = _copy.AsSpan(0, Math.Min(page.Length, CopyBytes));
            page[..part.Length].CopyTo(part);
            checksums.Note(segment, offset, part);
            file.Write(offset, part);
            page = page[part.Length..];
            offset += part.Length;
        }
    }
}
