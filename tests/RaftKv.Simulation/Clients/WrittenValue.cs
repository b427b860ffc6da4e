using System.Buffers.Binary;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;

namespace RaftKv.Simulation.Clients;

/// <summary>A value names the one operation that writes it; a count and filler follow.</summary>
internal static class WrittenValue
{
    private const int Bytes = 16;
    private const int CommitsAhead = 40;

    public static byte[] Write(long operation, long count, int bytes)
    {
        var value = new byte[Math.Max(Bytes, bytes)];
        BinaryPrimitives.WriteInt64LittleEndian(value, operation);
        BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(8), count);
        return value;
    }

    /// <summary>
    /// Turns the filler into bytes that look like records of the log, in the format without a salt, of a future commit. A node that loses
    /// power while it writes the value must not take them for a later commit.
    /// </summary>
    /// <param name="value">A value from <see cref="Write"/>.</param>
    /// <param name="commit">The last commit of the log in which the value will stand.</param>
    public static void Poison(Span<byte> value, long commit)
    {
        var filler = value[Bytes..];
        var size = WalRecord.SizeOf(WalRecord.EntryBodyBytes);
        // Records are aligned in the log. One of four consecutive beginnings is aligned, wherever the value lies.
        for (var at = 0; at + size + 1 <= filler.Length; at += size + 1)
        {
            var record = filler.Slice(at, size);
            record.Clear();
            WalRecord.Begin(record, WalRecord.EntryBodyBytes, WalRecordType.Entry, EntryKind.Command);
            WalRecord.Seal(record, (uint)(commit + CommitsAhead), previous: 0, salt: 0);
        }
    }

    /// <summary>The value in a history of calls; <c>null</c> is none.</summary>
    public static string? NameOf(long operation) => operation == 0 ? null : operation.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static (long Operation, long Count) Read(ReadOnlySpan<byte> value) =>
        (BinaryPrimitives.ReadInt64LittleEndian(value), BinaryPrimitives.ReadInt64LittleEndian(value[8..]));
}
