using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>One change out of the history, decoded once for all who watch it.</summary>
/// <param name="header">What stands before it in the history.</param>
/// <param name="key">The key.</param>
/// <param name="value">What was written; <c>null</c> when nothing was, or no watcher asked for it.</param>
/// <param name="previous">
/// The previous value behind its <see cref="PreviousHeader"/>; <c>null</c> when the key did not exist, or no watcher asked for it.
/// </param>
internal sealed class Change(in ChangeHeader header, string key, byte[]? value, byte[]? previous)
{
    /// <summary>What it takes in memory beside key and values, roughly.</summary>
    public const int OverheadBytes = 104;

    public ChangeHeader Header { get; } = header;

    /// <summary>What it counts in a watcher's buffer.</summary>
    public int Bytes => OverheadBytes + Header.KeyBytes + (value?.Length ?? 0) + (previous?.Length ?? 0);

    public KvEvent ToEvent(WatchedValues values, bool endsVersion) => new()
    {
        Kind = Header.Kind switch
        {
            KvChangeKind.Put => KvEventKind.Put,
            KvChangeKind.Delete => KvEventKind.Deleted,
            KvChangeKind.Expire => KvEventKind.Expired,
            _ => KvEventKind.LeaseRevoked,
        },
        Key = key,
        Value = values >= WatchedValues.Written ? value : default,
        Previous = values >= WatchedValues.Previous && previous is not null ? PreviousHeader.ToEntry(key, previous) : null,
        Version = new KvVersion(Header.Version),
        CreateVersion = new KvVersion(Header.CreateVersion),
        WriteCount = Header.WriteCount,
        EndsVersion = endsVersion,
    };
}
