using System.Buffers.Binary;

namespace RaftKv.Simulation.Clients;

/// <summary>Every value is written by one operation only, and says by which; the rest is a count and filler.</summary>
internal static class WrittenValue
{
    private const int Bytes = 16;

    public static byte[] Write(long operation, long count, int bytes)
    {
        var value = new byte[Math.Max(Bytes, bytes)];
        BinaryPrimitives.WriteInt64LittleEndian(value, operation);
        BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(8), count);
        return value;
    }

    /// <summary>The value in a history of calls; <c>null</c> is none.</summary>
    public static string? NameOf(long operation) => operation == 0 ? null : operation.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static (long Operation, long Count) Read(ReadOnlySpan<byte> value) =>
        (BinaryPrimitives.ReadInt64LittleEndian(value), BinaryPrimitives.ReadInt64LittleEndian(value[8..]));
}
