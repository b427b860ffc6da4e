namespace RaftKv.Embedded.Transport;

/// <summary>The type of a frame. The numbers are part of the wire format, and are never reused for another type.</summary>
internal enum FrameType : byte
{
    Hello = 1,
    HelloReply = 2,
    Challenge = 3,
    Proof = 4,

    RequestVote = 16,
    VoteReply = 17,
    AppendEntries = 18,
    AppendReply = 19,
    InstallSnapshot = 20,
    InstallSnapshotReply = 21,
    TimeoutNow = 22,
    ReadIndexRequest = 23,
    ReadIndexReply = 24,
    RemovedNotice = 25,

    /// <summary>An AppendEntries without entries, with the log time.</summary>
    Heartbeat = 26,

    ForwardWrites = 48,
    ForwardRefused = 49,
    AdminRequest = 50,
    AdminReply = 51,
    ForwardTraces = 52,
    DiskReport = 53,
    MemberReport = 54,

    IntegrityProbe = 64,
    IntegrityAnswer = 65,
    IntegrityVerdict = 66,
    StateRequest = 67,
    StatePiece = 68,

    WallClock = 80,

    /// <summary>Part of a longer frame; between two parts other frames may come.</summary>
    Part = 81,
}
