using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Makes empty segments: files of written zeros. Overwriting them later changes no metadata, which makes each commit's sync nearly twice
/// as fast as appending, and faster still than after fallocate. The next one is made ahead of need on a thread of its own.
/// </summary>
internal sealed class WalPreparer(IFileSystem fs, string directory) : IDisposable
{
    private const int ChunkBytes = 1024 * 1024;

    /// <summary>Synced in steps, so that a commit meanwhile does not queue behind a whole segment of dirty pages.</summary>
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

    /// <summary>Begins to make a segment in the background, once. Writer only.</summary>
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

    /// <summary>Without a thread segments are made when they are needed, which takes longer.</summary>
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
    /// The segment made ahead, or one made now: of the usual size or, where there is no room for that, as small as it may be. Writer only.
    /// </summary>
    /// <param name="sequence">Its number.</param>
    /// <param name="bytes">The usual size.</param>
    /// <param name="least">What it must have.</param>
    /// <exception cref="WalNoRoomException">There is no room even for that; nothing has changed.</exception>
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
            // A record larger than a usual segment gets one of its own size.
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

    /// <summary>Waits a bounded time. A thread that hangs in the disk keeps its file until the process ends.</summary>
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
                // Not an error of the log yet, and never the end of the host's process: the writer that needs the segment makes it again,
                // and meets the error if it is still there.
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
            // What was written of it is room that is missing elsewhere.
            if (e is RaftKvStorageException { Error: RaftKvStorageError.DiskFull })
                fs.DeleteQuietly(path);
            throw;
        }
    }
}
