using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>A file of a <see cref="MemoryFileSystem"/>: the bytes that a reader sees, the durable bytes, and the unsynced writes.</summary>
internal sealed class MemoryFile(string path)
{
    public const int SectorBytes = 512;

    private readonly List<(int Offset, byte[] Data)> _unsynced = [];
    private byte[] _durable = [];
    private byte[] _cached = [];

    /// <summary>The name it was created under.</summary>
    public string Path { get; } = path;

    public int Length { get; private set; }

    /// <summary>Once an operation failed, all that follow fail.</summary>
    public bool IsBroken { get; set; }

    /// <summary>The length of the durable bytes.</summary>
    public int DurableLength { get; private set; }

    /// <summary>The offset of the last write.</summary>
    public int LastWriteOffset { get; private set; }

    public ReadOnlySpan<byte> Durable => _durable.AsSpan(0, DurableLength);

    public Span<byte> Bytes => _cached.AsSpan(0, Length);

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        LastWriteOffset = (int)offset;
        _unsynced.Add((LastWriteOffset, bytes.ToArray()));
        Length = Math.Max(Length, (int)offset + bytes.Length);
        Put(ref _cached, (int)offset, bytes);
    }

    public void Sync()
    {
        foreach (var (offset, data) in _unsynced)
            PutDurable(offset, data);
        _unsynced.Clear();
    }

    /// <summary>
    /// After a failed sync, readers still see the bytes, but the disk does not have them, and no later sync writes them (fsyncgate).
    /// </summary>
    public void Forget() => _unsynced.Clear();

    public void Truncate(int length)
    {
        _unsynced.Clear();
        Length = DurableLength = length;
        Array.Resize(ref _cached, length);
        _durable = _cached.ToArray();
    }

    /// <summary>Changes the durable bytes and those that a reader sees, as a bad disk does.</summary>
    public void Corrupt(int offset, byte mask)
    {
        _cached[offset] ^= mask;
        _durable[offset] ^= mask;
    }

    /// <summary>
    /// The power is cut: <paramref name="keeps"/> decides whether a sector of an unsynced write is kept, and one sector may be torn.
    /// </summary>
    public void Crash(Func<bool> keeps, Prng? tears)
    {
        var torn = tears is null ? -1 : tears.Below(2) == 0 ? -1 : tears.Below(1 + _unsynced.Sum(w => w.Data.Length / SectorBytes + 1));
        foreach (var (offset, data) in _unsynced)
        {
            for (var at = 0; at < data.Length;)
            {
                var length = Math.Min(data.Length - at, SectorBytes - (offset + at) % SectorBytes);
                if (torn-- == 0)
                    PutDurable(offset + at, data.AsSpan(at, (int)tears!.Below(length)));
                else if (keeps())
                    PutDurable(offset + at, data.AsSpan(at, length));
                at += length;
            }
        }
        _unsynced.Clear();
        IsBroken = false;
        Length = DurableLength;
        _cached = _durable.AsSpan(0, Length).ToArray();
    }

    private void PutDurable(int offset, ReadOnlySpan<byte> bytes)
    {
        DurableLength = Math.Max(DurableLength, offset + bytes.Length);
        Put(ref _durable, offset, bytes);
    }

    private static void Put(ref byte[] image, int offset, ReadOnlySpan<byte> bytes)
    {
        if (offset + bytes.Length > image.Length)
            Array.Resize(ref image, Math.Max(image.Length * 2, offset + bytes.Length));
        bytes.CopyTo(image.AsSpan(offset));
    }
}
