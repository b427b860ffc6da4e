using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RaftKv.Embedded.Primitives;

/// <summary>CRC-32C (Castagnoli), with the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> bytes) => Continue(0, bytes);

    /// <summary>Extends a checksum: that of the bytes that <paramref name="crc"/> covers, followed by <paramref name="bytes"/>.</summary>
    public static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        var state = ~crc;
        ref var at = ref MemoryMarshal.GetReference(bytes);
        var left = bytes.Length;
        for (; left >= sizeof(ulong); left -= sizeof(ulong))
        {
            var word = Unsafe.ReadUnaligned<ulong>(ref at);
            state = BitOperations.Crc32C(state, BitConverter.IsLittleEndian ? word
                : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
            at = ref Unsafe.Add(ref at, sizeof(ulong));
        }
        for (; left > 0; left--)
        {
            state = BitOperations.Crc32C(state, at);
            at = ref Unsafe.Add(ref at, 1);
        }
        return ~state;
    }
}
