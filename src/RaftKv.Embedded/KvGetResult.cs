namespace RaftKv.Embedded;

/// <summary>The answer to a read.</summary>
public readonly record struct KvGetResult
{
    /// <summary>Whether the key exists.</summary>
    public bool Found { get; init; }

    /// <summary>The value, a copy of its own; empty when not found.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The version of the key's last write; <see cref="KvVersion.None"/> when not found.</summary>
    public KvVersion Version { get; init; }

    /// <summary>The version that created the key.</summary>
    public KvVersion CreateVersion { get; init; }

    /// <summary>How often the key was written since it was created; 1 for a new key.</summary>
    public long WriteCount { get; init; }

    /// <summary>The version this node had applied when it read: everything up to it is reflected in the answer.</summary>
    public KvVersion ReadAt { get; init; }

    /// <summary>
    /// For stale reads, how long ago this node last knew that its copy was current: zero on the leader, the time since the last
    /// contact with the leader on a follower, <see cref="Timeout.InfiniteTimeSpan"/> when there was none yet.
    /// </summary>
    public TimeSpan Age { get; init; }
}
