using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>Reads durable entries from the segments, and verifies them again. Any thread.</summary>
internal static class WalReader
{
    /// <summary>As <see cref="Wal.Read"/>, from the segments of an index.</summary>
    public static int Read(WalIndex index, long from, long to, int maxBytes, List<LogEntry> into)
    {
        var count = 0;
        var cuts = -1L;
        var offsets = new List<uint>();
        while (from <= to && (count == 0 || maxBytes > 0) && index.TryLocate(from, to, maxBytes, ref cuts, out var segment, offsets))
        {
            try
            {
                var length = (int)(offsets[^1] - offsets[0]);
                if (count > 0 && length > maxBytes)
                    break;
                var bytes = GC.AllocateUninitializedArray<byte>(length);
                if (segment.File.Read(offsets[0], bytes) < bytes.Length)
                    throw Damaged(segment.Path, offsets[0], from, "the file is shorter than it was");
                for (var i = 0; i + 1 < offsets.Count; i++)
                    into.Add(Decode(bytes, offsets[0], offsets[i], segment, from + i));
                count += offsets.Count - 1;
                from += offsets.Count - 1;
                maxBytes -= bytes.Length;
            }
            finally
            {
                index.Release(segment);
            }
        }
        return count;
    }

    /// <summary>The payloads of one read share its array.</summary>
    private static LogEntry Decode(byte[] bytes, uint start, uint offset, WalSegment segment, long index)
    {
        var at = (int)(offset - start);
        ReadOnlySpan<byte> rest = bytes.AsSpan(at);
        if (rest.Length < WalRecord.MinBytes || WalRecord.PeekSize(rest, rest.Length) == 0)
            throw Damaged(segment.Path, offset, index, "there is no record");
        var record = WalRecord.At(rest);
        if (!record.IsIntact(segment.Salt))
            throw Damaged(segment.Path, offset, index, "the checksum is wrong");
        if (record.Type != WalRecordType.Entry || record.Id.Index != index)
            throw Damaged(segment.Path, offset, index, "another record is in its place");
        var payload = bytes.AsMemory(at + WalRecord.HeaderBytes + WalRecord.EntryBodyBytes, record.Body.Length - WalRecord.EntryBodyBytes);
        return new LogEntry(record.Id.Term, index, record.TimeMs, record.Kind, payload);
    }

    public static RaftKvStorageException Damaged(string path, long offset, long index, string what) =>
        new(RaftKvStorageError.Damaged, $"The log is damaged: {path} at offset {offset}, entry {index}: {what}. {Wal.DamageAdvice}");
}
