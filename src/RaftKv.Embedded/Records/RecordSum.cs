using System.Numerics;
using System.Runtime.InteropServices;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Records;

/// <summary>
/// The sum of one number per record, updated in constant time with each change, so that two copies of the records can be compared without
/// reading them. The order of the records does not matter; the number of a record depends on its key, versions, lifetime and value. Not
/// cryptographic: it detects accidental differences. Nodes compare only sums of the same <see cref="Version"/>.
/// </summary>
internal struct RecordSum
{
    /// <summary>Must be incremented whenever the same records would result in another sum.</summary>
    public const byte Version = 1;

    /// <summary>0 for no records.</summary>
    public ulong Value { get; private set; }

    /// <summary>Updates the sum for a record that is added, removed or replaced; a header of version 0 is no record.</summary>
    public void Replace(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader after)
    {
        var name = Name(key);
        if (before.Version != 0)
            Value -= Number(name, before);
        if (after.Version != 0)
            Value += Number(name, after);
    }

    /// <summary>The checksum of a value, as in <see cref="RecordHeader.ValueChecksum"/>.</summary>
    public static uint Checksum(ReadOnlySpan<byte> value) => Crc(uint.MaxValue, value) ^ (uint)value.Length;

    private static ulong Name(ReadOnlySpan<byte> key) =>
        Prng.Mix(((ulong)Crc(uint.MaxValue, key) << 32) | Crc(0x9E3779B9, key) ^ (uint)key.Length);

    private static ulong Number(ulong name, in RecordHeader header)
    {
        var (lifetime, versions) = (0UL, Prng.Mix(name + (ulong)header.Version * 0xD6E8FEB86659FD93));
        if (header.HasLifetime)
            lifetime = Prng.Mix(Prng.Mix((ulong)header.ExpiresAtMs * 0xA0761D6478BD642F + (ulong)header.LeaseId)
                + Prng.Mix((ulong)header.SlidingMs * 0xE7037ED1A0B428DB + (ulong)header.ExpiresByMs));
        var writes = (ulong)header.CreateVersion * 0xE7037ED1A0B428DB + (ulong)header.WriteCount * 0x8EBC6AF09C88C6E3;
        return Prng.Mix(versions + writes + lifetime) + Prng.Mix(versions ^ header.ValueChecksum);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word
                : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        foreach (var b in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
