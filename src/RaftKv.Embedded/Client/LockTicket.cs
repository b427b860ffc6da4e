using System.Globalization;
using System.Text;

namespace RaftKv.Embedded.Client;

/// <summary>The value of the key of a place in the queue for a lock: which node asked, and when.</summary>
internal static class LockTicket
{
    private const char Separator = '\n';

    public static byte[] Encode(string nodeId, DateTimeOffset askedAt) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{askedAt.ToUnixTimeMilliseconds()}{Separator}{nodeId}"));

    /// <summary>Decodes a value. One that was not written by <see cref="Encode"/> results in an empty node id.</summary>
    public static (string NodeId, DateTimeOffset AskedAt) Decode(ReadOnlySpan<byte> value)
    {
        var text = Encoding.UTF8.GetString(value);
        var end = text.IndexOf(Separator, StringComparison.Ordinal);
        return end > 0 && long.TryParse(text.AsSpan(0, end), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms)
            && ms >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? (text[(end + 1)..], DateTimeOffset.FromUnixTimeMilliseconds(ms))
            : ("", DateTimeOffset.UnixEpoch);
    }
}
