using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>A finished snapshot, open for reading; it stays readable after newer ones have replaced it.</summary>
internal sealed class SnapshotSource(EntryId last, string path, IStorageFile file) : IDisposable
{
    public EntryId Last => last;

    /// <summary>Writes the whole snapshot to <paramref name="destination"/>, and verifies each chunk before it is written.</summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/>: the destination has received a part without an end chunk.
    /// </exception>
    public async Task<RaftKvBackupInfo> CopyToAsync(Stream destination, CancellationToken cancellationToken)
    {
        var offset = 0L;
        using var copy = new SnapshotCopy(Read, destination.WriteAsync, $"'{path}'");
        var info = await copy.RunAsync(cancellationToken).ConfigureAwait(false);
        await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        return info;

        ValueTask<int> Read(Memory<byte> into, CancellationToken token)
        {
            var read = file.Read(offset, into.Span);
            offset += read;
            return ValueTask.FromResult(read);
        }
    }

    public void Dispose() => file.Dispose();
}
