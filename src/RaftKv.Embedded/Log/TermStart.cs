using System.Buffers.Binary;

namespace RaftKv.Embedded.Log;

/// <summary>
/// The payload of a <see cref="EntryKind.NoOp"/> entry, from <see cref="FeatureLevels.Safeguards"/> on: the log time until which the
/// cluster is known to have had a leader, i64. The time from then to the entry's own time passed without a leader. Entries of lower levels
/// have no payload.
/// </summary>
internal static class TermStart
{
    public static byte[] Encode(long ledUntilMs)
    {
        var payload = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(payload, ledUntilMs);
        return payload;
    }

    public static bool TryRead(in LogEntry entry, out long ledUntilMs)
    {
        ledUntilMs = 0;
        if (entry.Kind != EntryKind.NoOp || entry.Payload.Length != sizeof(long))
            return false;
        ledUntilMs = BinaryPrimitives.ReadInt64LittleEndian(entry.Payload.Span);
        return true;
    }
}
