using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>A snapshot that is being received.</summary>
internal sealed class PartialSnapshot(EntryId last, long total, string path, IStorageFile file)
{
    public EntryId Last => last;

    /// <summary>How many bytes the whole snapshot has.</summary>
    public long Total => total;

    public string Path => path;

    public IStorageFile File => file;

    /// <summary>How many bytes were received.</summary>
    public long Length { get; set; } = file.Length;
}
