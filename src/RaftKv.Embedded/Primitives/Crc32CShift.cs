namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Computes the CRC-32C register after zero bytes: the register is multiplied by a power of x modulo the polynomial. So the checksum of a
/// part of some bytes can be computed from the registers before and after the part, without reading the bytes again.
/// </summary>
internal static class Crc32CShift
{
    private const uint Polynomial = 0x82F63B78;
    private const uint One = 1u << 31;

    /// <summary>x to the power of 8 · n · 256^k, for each value n of the byte at position k of a length.</summary>
    private static readonly uint[][] Powers = MakePowers();

    /// <summary>The register after <paramref name="count"/> zero bytes.</summary>
    public static uint Zeros(uint register, int count)
    {
        for (var place = 0; count > 0; place++, count >>= 8)
        {
            if ((count & 0xFF) != 0)
                register = Multiply(Powers[place][count & 0xFF], register);
        }
        return register;
    }

    private static uint[][] MakePowers()
    {
        var powers = new uint[sizeof(int)][];
        var step = One >> 8;
        for (var place = 0; place < powers.Length; place++)
        {
            var row = powers[place] = new uint[256];
            row[0] = One;
            for (var n = 1; n < row.Length; n++)
                row[n] = Multiply(row[n - 1], step);
            step = Multiply(row[^1], step);
        }
        return powers;
    }

    /// <summary>The product of two polynomials; the highest bit is the coefficient of 1.</summary>
    private static uint Multiply(uint a, uint b)
    {
        var product = 0u;
        for (; a != 0; a <<= 1)
        {
            if ((a & One) != 0)
                product ^= b;
            b = (b & 1) != 0 ? (b >> 1) ^ Polynomial : b >> 1;
        }
        return product;
    }
}
