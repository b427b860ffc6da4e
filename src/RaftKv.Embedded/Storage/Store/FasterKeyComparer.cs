using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using FASTER.core;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// How FASTER tells keys apart. Its index takes the bucket from the low bits of the hash and a tag from the high ones; two keys with both
/// in common share a chain of records, and looking for one walks over the other, on the disk when that is where it is. FASTER's own hash
/// gives keys that differ in a few digits the same high bits far too often. A client cannot choose keys that share a chain: each store has
/// a secret of its own, and its index lives no longer than the process.
/// </summary>
internal sealed unsafe class FasterKeyComparer : IFasterEqualityComparer<SpanByte>
{
    private const int CacheLineBytes = 64;
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;

    private readonly ulong _first;
    private readonly ulong _second;

    /// <param name="secret">16 random bytes.</param>
    public FasterKeyComparer(ReadOnlySpan<byte> secret)
    {
        _first = BinaryPrimitives.ReadUInt64LittleEndian(secret);
        _second = BinaryPrimitives.ReadUInt64LittleEndian(secret[sizeof(ulong)..]);
    }

    public FasterKeyComparer()
        : this(RandomNumberGenerator.GetBytes(2 * sizeof(ulong)))
    {
    }

    public long GetHashCode64(ref SpanByte key) => Hash(key.AsReadOnlySpan());

    public bool Equals(ref SpanByte one, ref SpanByte other)
    {
        // One of the two lies in a record, and what stands behind it is wanted next: both are on their way from memory at once, before
        // FASTER's lock of the record holds later loads back.
        if (Sse.IsSupported)
        {
            Sse.Prefetch0((byte*)Unsafe.AsPointer(ref one) + CacheLineBytes);
            Sse.Prefetch0((byte*)Unsafe.AsPointer(ref other) + CacheLineBytes);
        }
        return one.AsReadOnlySpan().SequenceEqual(other.AsReadOnlySpan());
    }

    /// <summary>Eight bytes at a time, the last ones again if need be, each mixed by a product of twice the width.</summary>
    public long Hash(ReadOnlySpan<byte> key)
    {
        var hash = (ulong)key.Length * Odd;
        fixed (byte* bytes = key)
        {
            if (key.Length < sizeof(ulong))
                return (long)Mix(Mix(hash, Few(bytes, key.Length)), Odd);
            for (var at = 0; at < key.Length - sizeof(ulong); at += sizeof(ulong))
                hash = Mix(hash, Unsafe.ReadUnaligned<ulong>(bytes + at));
            return (long)Mix(Mix(hash, Unsafe.ReadUnaligned<ulong>(bytes + key.Length - sizeof(ulong))), Odd);
        }
    }

    private static ulong Few(byte* bytes, int length)
    {
        var word = 0UL;
        for (var i = 0; i < length; i++)
            word = (word << 8) | bytes[i];
        return word;
    }

    private ulong Mix(ulong hash, ulong word)
    {
        var high = Math.BigMul(hash ^ _first, word ^ _second, out var low);
        return high ^ low;
    }
}
