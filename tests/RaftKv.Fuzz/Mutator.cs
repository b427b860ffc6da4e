using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Fuzz;

/// <summary>Makes mutated inputs from valid ones. The same seed and number always give the same input.</summary>
internal sealed class Mutator(ulong seed, IReadOnlyList<byte[]> corpus)
{
    private const int MaxMutations = 8;
    private const int MaxBlock = 512;

    private static readonly long[] Telling =
        [0, 1, -1, 2, 4, 7, 8, 16, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 40, long.MaxValue, long.MinValue];

    private static readonly int[] Widths = [1, 2, 4, 8];

    public byte[] Make(long number, out bool reseal)
    {
        var chance = new Prng(new Prng(seed + (ulong)number * 0x2545F4914F6CDD1D).Next());
        reseal = chance.Below(4) != 0;
        // One input in fifty consists of random bytes only.
        if (chance.Below(50) == 0)
            return Noise(chance, (int)chance.Below(2_000));
        var bytes = new List<byte>(corpus[(int)chance.Below(corpus.Count)]);
        for (var left = 1 + chance.Below(MaxMutations); left > 0; left--)
            Mutate(bytes, chance);
        return [.. bytes];
    }

    private void Mutate(List<byte> bytes, Prng chance)
    {
        if (bytes.Count == 0)
        {
            bytes.AddRange(Noise(chance, 1 + (int)chance.Below(64)));
            return;
        }
        var at = (int)chance.Below(bytes.Count);
        var length = (int)Math.Min(1 + chance.Below(MaxBlock), bytes.Count - at);
        switch (chance.Below(10))
        {
            case 0 or 1: bytes[at] ^= (byte)(1 << (int)chance.Below(8)); break;
            case 2: bytes[at] = (byte)chance.Next(); break;
            case 3 or 4: WriteNumber(bytes, at, Telling[chance.Below(Telling.Length)], Widths[chance.Below(Widths.Length)]); break;
            case 5: WriteNumber(bytes, at, bytes.Count + chance.Below(17) - 8, Widths[chance.Below(Widths.Length)]); break;
            case 6: bytes.RemoveRange(at, length); break;
            case 7: bytes.InsertRange(at, bytes.GetRange((int)chance.Below(bytes.Count - length + 1), length)); break;
            case 8: Splice(bytes, at, corpus[(int)chance.Below(corpus.Count)], chance); break;
            default: bytes.InsertRange(at, chance.Below(2) == 0 ? new byte[length] : Noise(chance, length)); break;
        }
    }

    private static void Splice(List<byte> bytes, int at, byte[] other, Prng chance)
    {
        bytes.RemoveRange(at, bytes.Count - at);
        bytes.AddRange(other.AsSpan((int)chance.Below(other.Length + 1)));
    }

    private static void WriteNumber(List<byte> bytes, int at, long number, int width)
    {
        Span<byte> encoded = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(encoded, number);
        for (var i = 0; i < width && at + i < bytes.Count; i++)
            bytes[at + i] = encoded[i];
    }

    private static byte[] Noise(Prng chance, int length)
    {
        var noise = new byte[length];
        for (var i = 0; i < length; i++)
            noise[i] = (byte)chance.Next();
        return noise;
    }
}
