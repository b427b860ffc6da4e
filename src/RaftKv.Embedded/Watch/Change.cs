using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>One change from the history, decoded once for all watchers of its key.</summary>
/// <param name="header">The header of the change in the history.</param>
/// <param name="key">The key.</param>
/// <param name="value">
/// The value that was written; <c>null</c> when it is empty, when the key was removed, or when no watcher asked for it.
/// </param>
/// <param name="previous">
/// The previous value after its <see cref="PreviousHeader"/>; <c>null</c> when the key did not exist, or no watcher asked for it.
/// </param>
internal sealed class Change(in ChangeHeader header, string key, byte[]? value, byte[]? previous)
{
    /// <summary>Memory of a change in addition to key and values, roughly.</summary>
    public const int OverheadBytes = 104;

    public ChangeHeader Header { get; } = header;

    /// <summary>How many bytes the change counts in a watcher's buffer.</summary>
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
