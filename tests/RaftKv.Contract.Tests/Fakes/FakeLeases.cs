using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>Leases of a <see cref="FakeKv"/>.</summary>
internal sealed class FakeLeases(FakeKv kv) : IRaftKvLeases
{
    private readonly SortedDictionary<long, FakeLease> _held = [];

    public ValueTask<KvLease> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var id = _held.Count + 1L;
        return new(_held[id] = new FakeLease(id, timeToLive, ended => _held.Remove(ended)));
    }

    public async ValueTask<bool> RevokeAsync(long leaseId, CancellationToken cancellationToken = default)
    {
        if (!_held.TryGetValue(leaseId, out var lease))
            return false;
        await lease.RevokeAsync(cancellationToken);
        return true;
    }

    public async ValueTask<KvLeaseInfo?> GetAsync(long leaseId, CancellationToken cancellationToken = default) =>
        !_held.TryGetValue(leaseId, out var lease) ? null : new KvLeaseInfo
        {
            LeaseId = leaseId,
            TimeToLive = lease.TimeToLive,
            Remaining = lease.TimeToLive,
            Keys = await KeysAsync(leaseId),
        };

    public async ValueTask<IReadOnlyList<KvLeaseSummary>> ListAsync(long after = 0, int limit = 100,
        CancellationToken cancellationToken = default)
    {
        var leases = new List<KvLeaseSummary>();
        foreach (var lease in _held.Values.Where(l => l.Id > after).Take(limit))
        {
            var keys = await KeysAsync(lease.Id);
            leases.Add(new KvLeaseSummary
            {
                LeaseId = lease.Id,
                TimeToLive = lease.TimeToLive,
                KeyCount = keys.Count,
                FirstKeys = [.. keys.Take(KvLeaseSummary.MaxFirstKeys)],
            });
        }
        return leases;
    }

    private async Task<List<string>> KeysAsync(long leaseId)
    {
        var bound = new List<string>();
        foreach (var key in kv.Keys.ToList())
        {
            if ((await kv.GetAsync(key)).LeaseId == leaseId)
                bound.Add(key);
        }
        return bound;
    }
}
