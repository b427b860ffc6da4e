using System.Buffers.Binary;
using System.Text;

namespace RaftKv.Embedded.Storage;

/// <summary>The term and whom this node voted for in it: term i64 | u16 length, or 0xFFFF for no vote | node id in UTF-8.</summary>
internal readonly record struct WalVote(long Term, string? VotedFor)
{
    public const int MaxBytes = 10 + MaxNodeIdBytes;

    private const int MaxNodeIdBytes = 128;
    private const ushort NoVote = 0xFFFF;

    public int Size => 10 + (VotedFor is null ? 0 : Encoding.UTF8.GetByteCount(VotedFor));

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, Term);
        BinaryPrimitives.WriteUInt16LittleEndian(to[8..], VotedFor is null ? NoVote : (ushort)Encoding.UTF8.GetBytes(VotedFor, to[10..]));
    }

    /// <summary>False if the bytes, whose checksum was right, are not a vote: they were written by a program with a bug.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out WalVote vote)
    {
        vote = default;
        if (from.Length < 10)
            return false;
        var length = BinaryPrimitives.ReadUInt16LittleEndian(from[8..]);
        if (length != NoVote && length > from.Length - 10)
            return false;
        vote = new WalVote(BinaryPrimitives.ReadInt64LittleEndian(from), length == NoVote ? null : Encoding.UTF8.GetString(from.Slice(10, length)));
        return true;
    }
}
