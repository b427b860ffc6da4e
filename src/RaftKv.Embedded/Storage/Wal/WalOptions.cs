using System.Buffers.Binary;
using System.Security.Cryptography;

namespace RaftKv.Embedded.Storage;

/// <summary>What a log is told once.</summary>
internal sealed record WalOptions
{
    /// <summary>The size of one file of the log.</summary>
    public int SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How much of the log's end recovery hands over in <see cref="WalRecovery.Tail"/>.</summary>
    public int TailCacheBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>This node had a log before: an empty or missing directory is damage, not a first start.</summary>
    public bool MustExist { get; init; }

    /// <summary>
    /// Make the next segment ahead of need on another thread. A simulator, where everything happens on one thread, says no.
    /// </summary>
    public bool PrepareInBackground { get; init; } = true;

    /// <summary>
    /// Gives the salt of a new segment; 0 writes the first version of the format, without a salt. A simulator gives numbers of its own.
    /// </summary>
    public Func<uint> NewSalt { get; init; } = static () =>
        BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint))) | 1;

    /// <summary>
    /// <c>false</c>: commits stay in the page cache (<see cref="RaftKvDurability.OsBuffered"/>). Everything else is synced: headers of
    /// segments, the tail, and the whole log with each configuration and when it is closed.
    /// </summary>
    public bool SyncsCommits { get; init; } = true;

    /// <summary>Only for recovery tools: whatever is wrong ends the log there, and is no error.</summary>
    public bool UpToDamage { get; init; }

    /// <summary>Only measures how long recovery takes.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
