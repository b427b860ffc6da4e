using Microsoft.Win32.SafeHandles;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// A file of the operating system. Reads and writes are repeated while memory or file descriptors are short; a sync is never repeated.
/// </summary>
internal sealed class OsFile(string path, SafeFileHandle handle, bool sync, ResourceRetry retry) : IStorageFile
{
    public long Length
    {
        get
        {
            try
            {
                return RandomAccess.GetLength(handle);
            }
            catch (Exception e) when (OsErrors.IsExpected(e))
            {
                throw OsErrors.From(e, "read the length of", path);
            }
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        var attempts = default(ResourceRetry.Attempts);
        var done = 0;
        while (done < buffer.Length)
        {
            try
            {
                var read = RandomAccess.Read(handle, buffer[done..], offset + done);
                if (read == 0)
                    break;
                done += read;
            }
            catch (Exception e) when (OsErrors.IsExpected(e))
            {
                if (!retry.WaitsAfter(e, ref attempts))
                    throw OsErrors.From(e, "read", path);
            }
        }
        return done;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        var attempts = default(ResourceRetry.Attempts);
        while (true)
        {
            try
            {
                RandomAccess.Write(handle, bytes, offset);
                return;
            }
            catch (Exception e) when (OsErrors.IsExpected(e))
            {
                if (!retry.WaitsAfter(e, ref attempts))
                    throw OsErrors.From(e, "write", path);
            }
        }
    }

    public void Sync()
    {
        if (!sync)
            return;
        var error = OsNative.SyncData(handle);
        if (error != 0)
            throw OsErrors.From(error, "make durable (fdatasync)", path);
    }

    public void Dispose() => handle.Dispose();
}
