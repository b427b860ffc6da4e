using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>The state of the log after the last commit.</summary>
/// <param name="Commit">The number of the commit.</param>
/// <param name="Chain">The checksum that the next commit continues.</param>
/// <param name="Vote">The term and the vote.</param>
/// <param name="Last">The last entry.</param>
internal readonly record struct WalPosition(long Commit, uint Chain, WalVote Vote, EntryId Last);
