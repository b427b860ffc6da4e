using System.Security.Cryptography;
using System.Text;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Identifies a list of initial members, in any order. Two nodes can bootstrap two clusters only with two different lists, and each needs
/// every node of its list: so no node bootstraps while one of them has another list.
/// </summary>
internal static class InitialMembersDigest
{
    /// <summary>0 without initial members.</summary>
    public static ulong Of(RaftKvOptions options)
    {
        if (options.InitialMembers.Count == 0)
            return 0;
        // The separators occur in no valid name or address.
        var lines = options.InitialMembers.Select(m => $"{m.NodeId}\t{m.Address.ToLowerInvariant()}\n").Order(StringComparer.Ordinal);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines)));
        return Math.Max(1, BitConverter.ToUInt64(hash));
    }
}
