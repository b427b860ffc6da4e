using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Transport;

/// <summary>The leader asks for the fingerprint of the receiver's copy at an entry.</summary>
internal sealed record IntegrityProbe(long Index) : PeerMessage
{
    /// <summary>The version of the fingerprint; copies with fingerprints of different versions are not compared.</summary>
    public byte SumVersion { get; init; } = RecordSum.Version;
}

/// <summary>Answers <see cref="IntegrityProbe"/>.</summary>
internal sealed record IntegrityAnswer(long Index, ulong Fingerprint) : PeerMessage
{
    /// <inheritdoc cref="IntegrityProbe.SumVersion"/>
    public byte SumVersion { get; init; } = RecordSum.Version;
}

/// <summary>The leader tells the receiver that its copy at an entry differs from that of the majority.</summary>
internal sealed record IntegrityVerdict(long Index) : PeerMessage;

/// <summary>A quarantined node asks for a piece of a snapshot.</summary>
/// <param name="Covering">The snapshot must cover this entry.</param>
/// <param name="Last">The snapshot; default: any that covers it.</param>
/// <param name="Offset">The first byte of the piece.</param>
internal sealed record StateRequest(long Covering, EntryId Last, long Offset) : PeerMessage;

/// <summary>Answers <see cref="StateRequest"/>; a total of 0 means that there is no such snapshot any more.</summary>
internal sealed record StatePiece(EntryId Last, long TotalBytes, long Offset, ReadOnlyMemory<byte> Data) : PeerMessage
{
    public override bool IsBulk => true;
}
