using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>One change out of the history, decoded once for all who watch it.</summary>
internal sealed class Change(in ChangeHeader header, string key, byte[]? value)
{
    /// <summary>What it takes in memory beside key and value, roughly.</summary>
    public const int OverheadBytes = 96;

    public ChangeHeader Header { get; } = header;

    /// <summary>What it counts in a watcher's buffer.</summary>
    public int Bytes => OverheadBytes + Header.KeyBytes + (value?.Length ?? 0);

    public KvEvent ToEvent(bool keysOnly, bool endsVersion) => new()
    {
        Kind = Header.Kind switch
        {
            KvChangeKind.Put => KvEventKind.Put,
            KvChangeKind.Delete => KvEventKind.Deleted,
            KvChangeKind.Expire => KvEventKind.Expired,
            _ => KvEventKind.LeaseRevoked,
        },
        Key = key,
        Value = keysOnly ? default : value,
        Version = new KvVersion(Header.Version),
        CreateVersion = new KvVersion(Header.CreateVersion),
        WriteCount = Header.WriteCount,
        EndsVersion = endsVersion,
    };
}
