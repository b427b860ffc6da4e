using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>What the last commit made durable.</summary>
/// <param name="Commit">Its number.</param>
/// <param name="Chain">The checksum that the next commit continues.</param>
/// <param name="Vote">The vote.</param>
/// <param name="Last">The last entry.</param>
internal readonly record struct WalPosition(long Commit, uint Chain, WalVote Vote, EntryId Last);
