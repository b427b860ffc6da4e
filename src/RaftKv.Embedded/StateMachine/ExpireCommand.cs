using System.Buffers.Binary;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The body of the two commands that name keys with their versions: expire (from the leader, for keys and leases that are due) and touch
/// (from any node, for keys that were read), little-endian:
/// <code>
/// keys u16 | leases u16 | per key: version i64 | length u16 | key | per lease: id i64
/// </code>
/// Both are only requests: the state machine checks again whether each key still has its version, and for expire, whether the key or lease
/// is due.
/// </summary>
internal static class ExpireCommand
{
    public const int MaxKeys = 1_000;

    /// <summary>The bytes of one command, approximately.</summary>
    public const int MaxBytes = 128 * 1024;

    public const int CountBytes = 2 * sizeof(ushort);

    private const int KeyBytes = sizeof(long) + sizeof(ushort);

    public static int SizeOf(int keyBytes) => KeyBytes + keyBytes;

    public static void Write(Span<byte> to, IReadOnlyCollection<(long Version, byte[] Key)> keys, IReadOnlyCollection<long> leases)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, checked((ushort)keys.Count));
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], checked((ushort)leases.Count));
        to = to[CountBytes..];
        foreach (var (version, key) in keys)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, version);
            BinaryPrimitives.WriteUInt16LittleEndian(to[8..], checked((ushort)key.Length));
            key.CopyTo(to[KeyBytes..]);
            to = to[(KeyBytes + key.Length)..];
        }
        foreach (var lease in leases)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, lease);
            to = to[sizeof(long)..];
        }
    }

    /// <summary>Reads a body. Never throws. The result depends only on the bytes, so it is the same on every node.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, List<(long Version, byte[] Key)> keys, List<long> leases)
    {
        if (from.Length < CountBytes)
            return false;
        var (keyCount, leaseCount) = (BinaryPrimitives.ReadUInt16LittleEndian(from), BinaryPrimitives.ReadUInt16LittleEndian(from[2..]));
        from = from[CountBytes..];
        for (var i = 0; i < keyCount; i++)
        {
            if (from.Length < KeyBytes)
                return false;
            var length = BinaryPrimitives.ReadUInt16LittleEndian(from[8..]);
            if (length is 0 or > KvCommand.MaxKeyBytes || from.Length < KeyBytes + length)
                return false;
            keys.Add((BinaryPrimitives.ReadInt64LittleEndian(from), from.Slice(KeyBytes, length).ToArray()));
            from = from[(KeyBytes + length)..];
        }
        if (from.Length != leaseCount * sizeof(long))
            return false;
        for (; !from.IsEmpty; from = from[sizeof(long)..])
            leases.Add(BinaryPrimitives.ReadInt64LittleEndian(from));
        return true;
    }
}
