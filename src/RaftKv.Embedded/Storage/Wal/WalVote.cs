using System.Buffers.Binary;
using System.Text;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The term, the candidate that this node voted for in it, and its longest promise to a leader: term i64 | u16 length, or 0xFFFF for no
/// vote | node id in UTF-8 | unless it is 0: promise in milliseconds i32. Fewer than four bytes behind the node id are padding.
/// </summary>
internal readonly record struct WalVote(long Term, string? VotedFor, int PromiseMs = 0)
{
    public const int MaxBytes = 10 + MaxNodeIdBytes + sizeof(int);

    private const int MaxNodeIdBytes = 128;
    private const ushort NoVote = 0xFFFF;

    public int Size => 10 + (VotedFor is null ? 0 : Encoding.UTF8.GetByteCount(VotedFor)) + (PromiseMs == 0 ? 0 : sizeof(int));

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, Term);
        var length = VotedFor is null ? 0 : Encoding.UTF8.GetBytes(VotedFor, to[10..]);
        BinaryPrimitives.WriteUInt16LittleEndian(to[8..], VotedFor is null ? NoVote : (ushort)length);
        if (PromiseMs != 0)
            BinaryPrimitives.WriteInt32LittleEndian(to[(10 + length)..], PromiseMs);
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
        var rest = from[(10 + (length == NoVote ? 0 : length))..];
        var promise = rest.Length < sizeof(int) ? 0 : BinaryPrimitives.ReadInt32LittleEndian(rest);
        var votedFor = length == NoVote ? null : Encoding.UTF8.GetString(from.Slice(10, length));
        vote = new WalVote(BinaryPrimitives.ReadInt64LittleEndian(from), votedFor, promise);
        return promise >= 0;
    }
}
