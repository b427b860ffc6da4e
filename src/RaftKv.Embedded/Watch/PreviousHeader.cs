using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>The header of the previous value of a change in the history.</summary>
/// <param name="Version">The entry that wrote the previous value.</param>
/// <param name="ExpiresAtMs">Log time from which on the key could have been removed; 0 is never.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct PreviousHeader(long Version, long ExpiresAtMs)
{
    public static int Bytes => Unsafe.SizeOf<PreviousHeader>();

    public static PreviousHeader Of(in RecordHeader before) => new(before.Version, before.ExpiresAtMs);

    /// <summary>
    /// The previous entry, from the header and the value as they are in the history. The entry keeps a reference to the array.
    /// </summary>
    public static KvEntry ToEntry(string key, byte[] previous)
    {
        var header = MemoryMarshal.Read<PreviousHeader>(previous);
        return new KvEntry
        {
            Key = key,
            Value = previous.AsMemory(Bytes),
            Version = new KvVersion(header.Version),
            ExpiresAt = KvGetResult.Time(header.ExpiresAtMs),
        };
    }
}
