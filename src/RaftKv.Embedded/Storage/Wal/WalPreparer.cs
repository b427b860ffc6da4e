using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Preallocates segments: files of written zeros. Overwriting zeros changes no metadata, so that the sync of each commit is nearly twice as
/// fast as with appending, and also faster than after fallocate. The next segment is made before it is needed, on a separate thread.
/// </summary>
internal sealed class WalPreparer(IFileSystem fs, string directory) : IDisposable
{
    private const int ChunkBytes = 1024 * 1024;

    /// <summary>
    /// A new file is synced in steps of this size, so that a concurrent commit does not wait for a whole segment of dirty pages.
    /// </summary>
    private const int SyncEveryBytes = 8 * 1024 * 1024;

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);
    private static readonly byte[] Zeros = new byte[ChunkBytes];

    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _idle = new(true);
    private readonly SemaphoreSlim _wanted = new(0);
    private Thread? _thread;
    private (long Sequence, long Bytes)? _request;
    private (long Sequence, long Bytes, IStorageFile File)? _ready;
    private volatile bool _stopping;

    /// <summary>Begins to make a segment in the background, unless that was requested before. Writer only.</summary>
    public void Request(long sequence, long bytes)
    {
        lock (_gate)
        {
            if (_stopping || _request?.Sequence == sequence || _ready?.Sequence == sequence)
                return;
            _request = (sequence, bytes);
            _idle.Reset();
        }
        if (HasThread())
            _wanted.Release();
        else
            Withdraw();
    }

    /// <summary>
    /// Starts the thread if needed; false when the system has no more threads. <see cref="Take"/> then makes each segment itself, which
    /// takes longer.
    /// </summary>
    private bool HasThread()
    {
        if (_thread is not null)
            return true;
        try
        {
            var thread = new Thread(Run) { IsBackground = true, Name = "raftkv-wal-prepare" };
            thread.Start();
            _thread = thread;
            return true;
        }
        catch (Exception e) when (ResourceRetry.IsTransient(e))
        {
            return false;
        }
    }

    private void Withdraw()
    {
        lock (_gate)
            _request = null;
        _idle.Set();
    }

    /// <summary>
    /// Returns the segment made in the background, or one made now: of the usual size, or a small one if there is no room for that. Writer
    /// only.
    /// </summary>
    /// <param name="sequence">The number of the segment.</param>
    /// <param name="bytes">The usual size, in bytes.</param>
    /// <param name="least">The smallest acceptable size, in bytes.</param>
    /// <exception cref="WalNoRoomException">There is no room even for a small segment; nothing has changed.</exception>
    public IStorageFile Take(long sequence, long bytes, long least)
    {
        _idle.Wait();
        (long Sequence, long Bytes, IStorageFile File)? ready;
        lock (_gate)
        {
            ready = _ready;
            _ready = null;
            _request = null;
        }
        if (ready is { } prepared)
        {
            if (prepared.Sequence == sequence && prepared.Bytes >= least)
                return prepared.File;
            // Too small for this commit: a segment of the needed size is made instead.
            prepared.File.Dispose();
        }
        try
        {
            return Make(sequence, Math.Max(bytes, least));
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
        {
            return MakeSmall(sequence, Math.Max(least, Math.Min(bytes, ChunkBytes)));
        }
    }

    private IStorageFile MakeSmall(long sequence, long bytes)
    {
        try
        {
            return Make(sequence, bytes);
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
        {
            throw new WalNoRoomException(e);
        }
    }

    /// <summary>
    /// Waits at most 5 seconds for the thread. A thread that hangs in a disk operation keeps its file open until the process ends.
    /// </summary>
    public void Dispose()
    {
        if (_stopping)
            return;
        _stopping = true;
        if (_thread is not null)
        {
            _wanted.Release();
            if (!_thread.Join(StopTimeout))
                return;
        }
        _ready?.File.Dispose();
        _wanted.Dispose();
        _idle.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _wanted.Wait();
            if (_stopping)
                return;
            var (sequence, bytes) = _request!.Value;
            try
            {
                var file = Make(sequence, bytes);
                lock (_gate)
                    _ready = (sequence, bytes, file);
            }
            catch
            {
                // Not an error of the log yet, and it must not end the host's process: the writer that needs the segment makes it again,
                // and gets the error if it persists.
            }
            _idle.Set();
        }
    }

    private IStorageFile Make(long sequence, long bytes)
    {
        var path = Path.Combine(directory, WalSegment.NameOf(sequence));
        var file = fs.Open(path, FileOpenMode.Create);
        try
        {
            for (var offset = 0L; offset < bytes; offset += ChunkBytes)
            {
                if (_stopping)
                    throw new OperationCanceledException();
                file.Write(offset, Zeros.AsSpan(0, (int)Math.Min(ChunkBytes, bytes - offset)));
                if ((offset + ChunkBytes) % SyncEveryBytes == 0)
                    file.Sync();
            }
            file.Sync();
            fs.SyncDirectory(directory);
            return file;
        }
        catch (Exception e)
        {
            file.Dispose();
            // Return the room that the incomplete file takes.
            if (e is RaftKvStorageException { Error: RaftKvStorageError.DiskFull })
                fs.DeleteQuietly(path);
            throw;
        }
    }
}
