using System.Collections.Concurrent;
using FASTER.core;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The device to which FASTER writes cold records. The files are not needed after the end of the process, so they are not synced. Bytes
/// that are read back are compared with the checksums of the bytes that were written.
/// <para>
/// FASTER never sees an error: after a failed flush its writers would wait for ever, and after a failed read it would interpret the old
/// content of the buffer. Instead, the first error faults the device for good. A failed write is then reported as done, and a failed read
/// returns zeros, which FASTER takes for the absence of the key. The store calls <see cref="ThrowIfFaulted"/> before it trusts a result
/// that may come from the device.
/// </para>
/// </summary>
internal sealed unsafe class FasterScratchDevice : StorageDeviceBase
{
    private const int SectorBytes = 512;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RoomRetry = TimeSpan.FromMilliseconds(50);

    private const int LargestInlineRead = 64 * 1024;

    private readonly IFileSystem _files;
    private readonly ConcurrentDictionary<int, IStorageFile> _segments = new();
    private readonly ScratchChecksums _checksums = new(SectorBytes);
    private readonly ScratchWriter _writer;
    private readonly BlockingCollection<Request> _requests = [];
    private readonly Thread _worker;
    private volatile Exception? _fault;

    public FasterScratchDevice(IFileSystem files, string path) : base(path, SectorBytes, Devices.CAPACITY_UNSPECIFIED)
    {
        _files = files;
        _writer = new ScratchWriter(_checksums);
        _worker = ThreadStarter.Start(() => new Thread(Work) { IsBackground = true, Name = "raftkv-store-io" });
    }

    /// <summary>
    /// Set by <see cref="Dispose"/>. False after it: an operation of the disk hangs, and FASTER's memory is still in use.
    /// </summary>
    public bool HasStopped { get; private set; }

    private readonly record struct Request(bool Write, nint Memory, int Segment, ulong Offset, uint Bytes,
        DeviceIOCompletionCallback Callback, object Context);

    public void ThrowIfFaulted()
    {
        if (_fault is { } fault)
            throw Describe(fault);
    }

    /// <summary>Pages are written on the device's own thread: the caller may be any reader whose read advances FASTER's epoch.</summary>
    public override void WriteAsync(nint sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite,
        DeviceIOCompletionCallback callback, object context) =>
        Enqueue(new Request(true, sourceAddress, segmentId, destinationAddress, numBytesToWrite, callback, context));

    /// <summary>
    /// A record is read by the calling thread, before this method returns; a page, which a scan prefetches, by the device's thread.
    /// </summary>
    public override void ReadAsync(int segmentId, ulong sourceAddress, nint destinationAddress, uint readLength,
        DeviceIOCompletionCallback callback, object context)
    {
        var request = new Request(false, destinationAddress, segmentId, sourceAddress, readLength, callback, context);
        if (readLength <= LargestInlineRead)
            Perform(request);
        else
            Enqueue(request);
    }

    public override void RemoveSegment(int segment)
    {
        try
        {
            if (_segments.TryRemove(segment, out var file))
                file.Dispose();
            _checksums.Forget(segment);
            _files.Delete(NameOf(segment));
        }
        catch (RaftKvStorageException e)
        {
            _fault ??= e;
        }
    }

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result)
    {
        RemoveSegment(segment);
        callback(result);
    }

    /// <summary>
    /// Ends a write that waits for room. Queued and later requests are reported as done, and reads of the store end with an error. Does not
    /// wait.
    /// </summary>
    public void BeginStop()
    {
        _fault ??= new ObjectDisposedException(nameof(FasterKvStore));
        _requests.CompleteAdding();
    }

    /// <summary>Stops, waits at most 5 seconds for the request in progress, and deletes the files.</summary>
    public override void Dispose()
    {
        BeginStop();
        HasStopped = _worker.Join(StopTimeout);
        if (!HasStopped)
            return;
        foreach (var segment in _segments.Keys)
            RemoveSegment(segment);
    }

    private void Enqueue(in Request request)
    {
        try
        {
            _requests.Add(request);
        }
        catch (InvalidOperationException)
        {
            Perform(request);
        }
    }

    private void Work()
    {
        foreach (var request in _requests.GetConsumingEnumerable())
            Perform(request);
    }

    private void Perform(in Request request)
    {
        try
        {
            if (request.Write)
                WriteWhenThereIsRoom(request);
            else
                Read(request);
        }
        catch (ObjectDisposedException) when (!_segments.ContainsKey(request.Segment))
        {
            // The segment was removed meanwhile: its content is not needed.
            Clear(request);
        }
        catch (Exception e)
        {
            _fault ??= e;
            Clear(request);
        }
        request.Callback(0, request.Bytes, request.Context);
    }

    /// <summary>
    /// A full disk is not a fault: FASTER's writers wait for the page until there is room. <see cref="BeginStop"/> ends the wait.
    /// </summary>
    private void WriteWhenThereIsRoom(in Request request)
    {
        while (true)
        {
            try
            {
                Write(request);
                return;
            }
            catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull && _fault is null)
            {
                Thread.Sleep(RoomRetry);
            }
        }
    }

    private static void Clear(in Request request)
    {
        if (!request.Write)
            new Span<byte>((void*)request.Memory, (int)request.Bytes).Clear();
    }

    private void Write(in Request request)
    {
        if (_fault is not null)
            return;
        _writer.Write(FileOf(request.Segment), request.Segment, (long)request.Offset,
            new ReadOnlySpan<byte>((void*)request.Memory, (int)request.Bytes));
    }

    private void Read(in Request request)
    {
        var buffer = new Span<byte>((void*)request.Memory, (int)request.Bytes);
        var read = _fault is null && _segments.TryGetValue(request.Segment, out var file) ? file.Read((long)request.Offset, buffer) : 0;
        // Bytes behind the end of the flushed ones, and of a segment that was removed meanwhile, read as zeros.
        buffer[read..].Clear();
        if (_fault is null && !_checksums.Holds(request.Segment, (long)request.Offset, buffer))
            throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                $"{NameOf(request.Segment)} has other bytes at {request.Offset} than were written there. Check the disk.");
    }

    private IStorageFile FileOf(int segment) =>
        _segments.GetOrAdd(segment, static (s, device) => device._files.Open(device.NameOf(s), FileOpenMode.Create), this);

    private string NameOf(int segment) => $"{FileName}.{segment}";

    private static Exception Describe(Exception fault) => fault is ObjectDisposedException
        ? new ObjectDisposedException(nameof(FasterKvStore))
        : new RaftKvStorageException(
            (fault as RaftKvStorageException)?.Error ?? RaftKvStorageError.Io,
            $"The store could not move cold records to disk or read them back, and rebuilds itself from snapshot and log at the next "
                + $"start: {fault.Message}",
            fault);
}
