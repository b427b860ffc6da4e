using Microsoft.Win32.SafeHandles;

namespace RaftKv.Embedded.Storage;

/// <summary>A file of the operating system.</summary>
internal sealed class OsFile(string path, SafeFileHandle handle, bool sync) : IStorageFile
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
        try
        {
            var done = 0;
            while (done < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[done..], offset + done);
                if (read == 0)
                    break;
                done += read;
            }
            return done;
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, "read", path);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(handle, bytes, offset);
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, "write", path);
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
