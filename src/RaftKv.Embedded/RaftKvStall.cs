namespace RaftKv.Embedded;

/// <summary>A moment at which this node did not get on.</summary>
/// <param name="Cause">What held it up.</param>
/// <param name="Duration">For how long; of one that goes on, until it was noticed.</param>
/// <param name="At">When it was noticed, by this node's wall clock.</param>
/// <param name="Detail">More of it, in words.</param>
public sealed record RaftKvStall(RaftKvStallCause Cause, TimeSpan Duration, DateTimeOffset At, string Detail);
