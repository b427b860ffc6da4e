namespace RaftKv.Embedded.Transport;

/// <summary>One member as the leader sees it.</summary>
/// <param name="NodeId">The name of the member.</param>
/// <param name="Match">The last entry up to which its log is known to agree with the leader's.</param>
/// <param name="SilentMs">How long ago the leader last heard from it, in milliseconds; -1 is never.</param>
/// <param name="HasLostEntries">Whether it no longer has entries that it acknowledged.</param>
internal readonly record struct ReportedMember(string NodeId, long Match, long SilentMs, bool HasLostEntries);
