using System.Buffers.Binary;
using System.Security.Cryptography;

namespace RaftKv.Embedded.Storage;

/// <summary>Settings of a log, fixed when it is opened.</summary>
internal sealed record WalOptions
{
    /// <summary>The usual size of one file of the log, in bytes.</summary>
    public int SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many bytes of the log's end recovery returns as <see cref="WalRecovery.Tail"/>.</summary>
    public int TailCacheBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>This node had a log before: an empty or missing directory is damage, not a first start.</summary>
    public bool MustExist { get; init; }

    /// <summary>
    /// Whether the next segment is preallocated on another thread. A simulator, where everything runs on one thread, sets <c>false</c>.
    /// </summary>
    public bool PrepareInBackground { get; init; } = true;

    /// <summary>
    /// Returns the salt of a new segment. 0 selects the first version of the format, which has no salt. A simulator returns reproducible
    /// numbers.
    /// </summary>
    public Func<uint> NewSalt { get; init; } = static () =>
        BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint))) | 1;

    /// <summary>
    /// <c>false</c>: commits stay in the page cache (<see cref="RaftKvDurability.OsBuffered"/>). Everything else is synced: the headers of
    /// segments, the tail, and the whole log after each configuration and when it is closed.
    /// </summary>
    public bool SyncsCommits { get; init; } = true;

    /// <summary>Only for recovery tools: the log ends at its first damage, which is not reported as an error.</summary>
    public bool UpToDamage { get; init; }

    /// <summary>Only measures how long recovery takes.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
