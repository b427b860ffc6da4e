using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>Locks of a <see cref="FakeKv"/>, with only the four methods that an implementation needs.</summary>
internal sealed class FakeCoordination(FakeKv kv) : IRaftKvCoordination
{
    private readonly Dictionary<string, FakeLock> _held = [];

    public FakeLock this[string name] => _held[name];

    public async ValueTask<KvLock> AcquireLockAsync(string name, KvLockOptions options = default,
        CancellationToken cancellationToken = default) =>
        await TryAcquireLockAsync(name, options, cancellationToken)
        ?? throw new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, "The lock is held. Nothing was written.");

    public async ValueTask<KvLock?> TryAcquireLockAsync(string name, KvLockOptions options = default,
        CancellationToken cancellationToken = default)
    {
        if (_held.ContainsKey(name))
            return null;
        var key = $".locks/{name.Replace("/", "%2F", StringComparison.Ordinal)}/1";
        var entered = await kv.SetAsync(key, default, new KvSetOptions { When = KvCondition.NotExists }, cancellationToken);
        return _held[name] = new FakeLock(name, key, entered.Version, () =>
        {
            _held.Remove(name);
            _ = kv.DeleteAsync(key, cancellationToken: CancellationToken.None);
        });
    }

    public ValueTask<KvLockHolder?> GetHolderAsync(string name, CancellationToken cancellationToken = default) =>
        new(_held.TryGetValue(name, out var held) ? new KvLockHolder { NodeId = "here", FencingToken = held.FencingToken } : null);

    public async ValueTask<KvLease> SetEphemeralAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        await kv.SetAsync(key, value, new KvSetOptions { LeaseId = 7 }, cancellationToken);
        return new FakeLease(7, TimeSpan.FromSeconds(15), _ => { });
    }
}
