using System.Runtime.CompilerServices;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The layout of a value in FASTER's log: length i32 (its sign bit: has a lifetime; the next: a sliding one) | checksum u32 | version |
/// create version | write count | [expires at | lease id] | [sliding | expires by] | payload | slack. The slack allows overwrites of a
/// slightly different size in place.
/// </summary>
internal static unsafe class FasterRecord
{
    private const int HeaderBytes = sizeof(int) + sizeof(uint) + 3 * sizeof(long);
    private const int LifetimeBytes = 2 * sizeof(long);
    private const int LifetimeFlag = int.MinValue;
    private const int SlidingFlag = 1 << 30;
    private const int Granularity = 32;

    /// <summary>FASTER puts its own length before a value; both together are a multiple of the granularity.</summary>
    public static int AllocationFor(in RecordHeader header, int valueBytes) =>
        (sizeof(int) + NeededFor(header, valueBytes) + Granularity - 1) / Granularity * Granularity - sizeof(int);

    public static int NeededFor(in RecordHeader header, int valueBytes) =>
        HeaderBytes + (header.HasLifetime ? LifetimeBytes : 0) + (header.SlidingMs != 0 ? LifetimeBytes : 0) + valueBytes;

    /// <summary>An upper bound of the bytes that the largest record takes in the log.</summary>
    public static long LargestFor(int maxKeyBytes, int maxValueBytes) =>
        2L * sizeof(long) + sizeof(int) + maxKeyBytes + HeaderBytes + 2 * LifetimeBytes + (long)maxValueBytes + 2 * Granularity;

    public static void Write(byte* to, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        Unsafe.WriteUnaligned(to, value.Length | (header.HasLifetime ? LifetimeFlag : 0) | (header.SlidingMs != 0 ? SlidingFlag : 0));
        to += sizeof(int);
        Unsafe.WriteUnaligned(to, header.ValueChecksum);
        to += sizeof(uint);
        to = Write(to, header.Version, header.CreateVersion);
        Unsafe.WriteUnaligned(to, header.WriteCount);
        to += sizeof(long);
        if (header.HasLifetime)
            to = Write(to, header.ExpiresAtMs, header.LeaseId);
        if (header.SlidingMs != 0)
            to = Write(to, header.SlidingMs, header.ExpiresByMs);
        value.CopyTo(new Span<byte>(to, value.Length));
    }

    public static ReadOnlySpan<byte> Read(byte* from, out RecordHeader header)
    {
        var length = Unsafe.ReadUnaligned<int>(from);
        from += sizeof(int);
        var checksum = Unsafe.ReadUnaligned<uint>(from);
        from += sizeof(uint);
        var (version, created, writes) = (Read(from, 0), Read(from, 1), Read(from, 2));
        from += 3 * sizeof(long);
        var (expiresAt, lease, sliding, expiresBy) = (0L, 0L, 0L, 0L);
        if ((length & LifetimeFlag) != 0)
        {
            (expiresAt, lease) = (Read(from, 0), Read(from, 1));
            from += LifetimeBytes;
        }
        if ((length & SlidingFlag) != 0)
        {
            (sliding, expiresBy) = (Read(from, 0), Read(from, 1));
            from += LifetimeBytes;
        }
        header = new RecordHeader(version, created, writes, expiresAt, lease, sliding, expiresBy, checksum);
        return new ReadOnlySpan<byte>(from, length & ~(LifetimeFlag | SlidingFlag));
    }

    private static byte* Write(byte* to, long first, long second)
    {
        Unsafe.WriteUnaligned(to, first);
        Unsafe.WriteUnaligned(to + sizeof(long), second);
        return to + LifetimeBytes;
    }

    private static long Read(byte* from, int i) => Unsafe.ReadUnaligned<long>(from + i * sizeof(long));
}
