using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>The header of a change in the history. Key, value and previous value follow it.</summary>
/// <param name="TotalBytes">The size of header, key, value and previous value together.</param>
/// <param name="KeyBytes">The size of the key.</param>
/// <param name="PreviousBytes">
/// The size of the previous value with its <see cref="PreviousHeader"/>; 0 when the key did not exist, or the history keeps no previous
/// values.
/// </param>
/// <param name="Kind">What happened to the key.</param>
/// <param name="Version">The entry that made the change.</param>
/// <param name="CreateVersion">The entry that created the key; for a removed key, the entry that had created it.</param>
/// <param name="WriteCount">How often the key was written since it was created.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct ChangeHeader(int TotalBytes, int KeyBytes, int PreviousBytes, KvChangeKind Kind, long Version,
    long CreateVersion, long WriteCount)
{
    public static int Bytes => Unsafe.SizeOf<ChangeHeader>();

    public int ValueBytes => TotalBytes - Bytes - KeyBytes - PreviousBytes;

    public static ChangeHeader Of(
        KvChangeKind kind, long version, in RecordHeader record, int keyBytes, int valueBytes, int previousBytes) =>
        new(Bytes + keyBytes + valueBytes + previousBytes, keyBytes, previousBytes, kind, version, record.CreateVersion,
            record.WriteCount);
}
