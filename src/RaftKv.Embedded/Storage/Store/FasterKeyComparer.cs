using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using FASTER.core;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Hashes and compares keys for FASTER. FASTER's index takes the bucket from the low bits of the hash and a tag from the high ones. Two
/// keys with the same bucket and tag share a chain of records, and a lookup of one key reads the record of the other, from the disk if it
/// is there. FASTER's own hash gives keys that differ in a few digits the same high bits far too often. A client cannot choose keys that
/// share a chain: each store has a random secret. The secret is not stored, because the index does not outlive the process.
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
        // One of the two keys lies in a record, and the bytes behind it are needed next. Both are prefetched here, before FASTER's lock of
        // the record delays later loads.
        if (Sse.IsSupported)
        {
            Sse.Prefetch0((byte*)Unsafe.AsPointer(ref one) + CacheLineBytes);
            Sse.Prefetch0((byte*)Unsafe.AsPointer(ref other) + CacheLineBytes);
        }
        return one.AsReadOnlySpan().SequenceEqual(other.AsReadOnlySpan());
    }

    /// <summary>
    /// Hashes eight bytes at a time, each mixed by a 128-bit product. The last eight bytes may overlap those before them.
    /// </summary>
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
