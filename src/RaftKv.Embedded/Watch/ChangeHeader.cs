using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>What stands before key and value of a change in the history.</summary>
/// <param name="TotalBytes">Header, key, value and previous value together.</param>
/// <param name="KeyBytes">The key.</param>
/// <param name="PreviousBytes">
/// The previous value with its <see cref="PreviousHeader"/>; 0: the key did not exist, or the history keeps no previous values.
/// </param>
/// <param name="Kind">What happened to the key.</param>
/// <param name="Version">The entry that did it.</param>
/// <param name="CreateVersion">The entry that created the key; of a removed key, the one that had.</param>
/// <param name="WriteCount">How often the key was written since.</param>
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
