using System.Collections.Concurrent;
using FASTER.core;
using Microsoft.Win32.SafeHandles;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Where FASTER's cold records go. Nothing here needs to survive the process, so nothing is synced.
/// <para>
/// FASTER never gets to see an error: a failed flush would make its writers wait for ever, a failed read would let it interpret what the buffer
/// held before. Here the first error faults the device for good, a failed write counts as done and a failed read gives zeros, which FASTER takes for
/// the absence of the key; the store looks at <see cref="ThrowIfFaulted"/> before it believes anything that may have come from here.
/// </para>
/// </summary>
internal sealed unsafe class FasterScratchDevice : StorageDeviceBase
{
    private const int SectorBytes = 512;
    private const int LargestInlineRead = 64 * 1024;

    private readonly ConcurrentDictionary<int, SafeFileHandle> _segments = new();
    private readonly BlockingCollection<Request> _requests = [];
    private readonly Thread _worker;
    private volatile Exception? _fault;

    public FasterScratchDevice(string path) : base(path, SectorBytes, Devices.CAPACITY_UNSPECIFIED)
    {
        _worker = new Thread(Work) { IsBackground = true, Name = "raftkv-store-io" };
        _worker.Start();
    }

    private readonly record struct Request(bool Write, nint Memory, int Segment, ulong Offset, uint Bytes, DeviceIOCompletionCallback Callback, object Context);

    public void ThrowIfFaulted()
    {
        if (_fault is { } fault)
            throw Describe(fault);
    }

    /// <summary>Pages are written on the device's own thread: the caller may be any reader that happens to move FASTER's epoch.</summary>
    public override void WriteAsync(nint sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context) =>
        Enqueue(new Request(true, sourceAddress, segmentId, destinationAddress, numBytesToWrite, callback, context));

    /// <summary>A record is read at once by the thread that wants it; a page, which a scan wants ahead of time, on the device's thread.</summary>
    public override void ReadAsync(int segmentId, ulong sourceAddress, nint destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context)
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
            if (_segments.TryRemove(segment, out var handle))
                handle.Dispose();
            File.Delete(NameOf(segment));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _fault ??= e;
        }
    }

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result)
    {
        RemoveSegment(segment);
        callback(result);
    }

    /// <summary>Finishes what is under way and deletes the files. What FASTER asks for afterwards counts as done.</summary>
    public override void Dispose()
    {
        _fault ??= new ObjectDisposedException(nameof(FasterKvStore));
        _requests.CompleteAdding();
        _worker.Join();
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
                Write(request);
            else
                Read(request);
        }
        catch (Exception e)
        {
            _fault ??= e;
            if (!request.Write)
                new Span<byte>((void*)request.Memory, (int)request.Bytes).Clear();
        }
        request.Callback(0, request.Bytes, request.Context);
    }

    private void Write(in Request request)
    {
        if (_fault is null)
            RandomAccess.Write(Handle(request.Segment), new ReadOnlySpan<byte>((void*)request.Memory, (int)request.Bytes), (long)request.Offset);
    }

    private void Read(in Request request)
    {
        var buffer = new Span<byte>((void*)request.Memory, (int)request.Bytes);
        var offset = (long)request.Offset;
        if (_fault is null && _segments.TryGetValue(request.Segment, out var handle))
        {
            while (!buffer.IsEmpty && RandomAccess.Read(handle, buffer, offset) is var read and > 0)
            {
                buffer = buffer[read..];
                offset += read;
            }
        }
        // Behind the end of what was flushed, and in a segment given back meanwhile, there is nothing.
        buffer.Clear();
    }

    private SafeFileHandle Handle(int segment) => _segments.GetOrAdd(segment, static (s, device) =>
        File.OpenHandle(device.NameOf(s), FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete), this);

    private string NameOf(int segment) => $"{FileName}.{segment}";

    private static Exception Describe(Exception fault) => fault is ObjectDisposedException
        ? new ObjectDisposedException(nameof(FasterKvStore))
        : new RaftKvStorageException(
            IsDiskFull(fault) ? RaftKvStorageError.DiskFull : RaftKvStorageError.Io,
            $"The store could not move cold records to disk: {fault.Message} Free the disk or replace it, then start the node again: it rebuilds its store from snapshot and log.",
            fault);

    /// <summary>ENOSPC or EDQUOT on Unix, ERROR_DISK_FULL or ERROR_HANDLE_DISK_FULL on Windows.</summary>
    private static bool IsDiskFull(Exception e) => e is IOException && (e.HResult & 0xFFFF) is 28 or 122 or 112 or 39;
}
