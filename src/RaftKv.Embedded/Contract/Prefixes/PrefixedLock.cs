namespace RaftKv.Embedded;

/// <summary>A lock, by its name without the prefix.</summary>
internal sealed class PrefixedLock(KvLock inner, string name, string key) : KvLock
{
    public override string Name => name;

    public override string Key => key;

    public override KvVersion FencingToken => inner.FencingToken;

    public override CancellationToken LostToken => inner.LostToken;

    public override ValueTask ReleaseAsync(CancellationToken cancellationToken = default) => inner.ReleaseAsync(cancellationToken);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
