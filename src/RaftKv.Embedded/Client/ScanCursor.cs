using System.Text;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Walks the key index page by page: prefix and range become one interval of bytes.</summary>
internal sealed class ScanCursor
{
    private readonly byte[] _to;
    private byte[] _from;
    private bool _after;
    private bool _done;

    private ScanCursor(byte[] from, bool after, byte[] to)
    {
        (_from, _after, _to) = (from, after, to);
    }

    public static ScanCursor Over(KvKeyRange range, string? after, int maxKeyBytes)
    {
        var prefix = Bytes(range.Prefix, maxKeyBytes);
        var from = Later(Bytes(range.From, maxKeyBytes), prefix);
        var to = Earlier(Bytes(range.To, maxKeyBytes), PastPrefix(prefix));
        var cursor = Bytes(after, maxKeyBytes);
        return cursor.Length > 0 && cursor.AsSpan().SequenceCompareTo(from) >= 0
            ? new ScanCursor(cursor, after: true, to)
            : new ScanCursor(from, after: false, to);
    }

    /// <summary>Fills <paramref name="page"/>; <c>false</c> when there is nothing more.</summary>
    public bool Next(IKvStore store, int max, List<byte[]> page)
    {
        page.Clear();
        if (_done)
            return false;
        var count = store.CopyKeys(_from, _after, _to, max, page);
        _done = count < max;
        if (count > 0)
            (_from, _after) = (page[^1], true);
        return count > 0;
    }

    private static byte[] Bytes(string? key, int maxKeyBytes)
    {
        if (string.IsNullOrEmpty(key))
            return [];
        using var encoded = new KeyEncoding(key, maxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        return encoded.Bytes.ToArray();
    }

    private static byte[] Later(byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b) >= 0 ? a : b;

    /// <summary>The earlier of two ends, where an empty one is no end.</summary>
    private static byte[] Earlier(byte[] a, byte[] b)
    {
        if (a.Length == 0 || b.Length == 0)
            return a.Length == 0 ? b : a;
        return a.AsSpan().SequenceCompareTo(b) <= 0 ? a : b;
    }

    /// <summary>The first key behind all that start with the prefix. UTF-8 has no byte 0xFF, so the last byte can always be raised.</summary>
    private static byte[] PastPrefix(byte[] prefix)
    {
        if (prefix.Length == 0)
            return [];
        var past = prefix.AsSpan().ToArray();
        past[^1]++;
        return past;
    }
}
