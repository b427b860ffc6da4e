namespace RaftKv.Embedded.Log;

/// <summary>Why commands were not appended. The numbers are part of the wire format.</summary>
internal enum RefusalReason : byte
{
    NotLeader = 1,
    HandingOver = 2,
    Overloaded = 3,

    /// <summary>A key or value is beyond the leader's limits.</summary>
    TooLarge = 4,

    /// <summary>The leader's disk is nearly full.</summary>
    NoSpace = 5,
}
