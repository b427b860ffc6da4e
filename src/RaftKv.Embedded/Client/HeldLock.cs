namespace RaftKv.Embedded.Client;

/// <summary>A lock, or a place in the queue for it, that lasts as long as its lease.</summary>
internal sealed class HeldLock(string name, string key, KvVersion fencingToken, KvLease lease) : KvLock
{
    public override string Name => name;

    public override string Key => key;

    public override KvVersion FencingToken => fencingToken;

    public override CancellationToken LostToken => lease.LostToken;

    public KvLease Lease => lease;

    public override ValueTask ReleaseAsync(CancellationToken cancellationToken = default) => lease.RevokeAsync(cancellationToken);

    public override ValueTask DisposeAsync() => lease.DisposeAsync();
}
