namespace RaftKv.Embedded;

/// <summary>Leases with the keys of a prefix.</summary>
internal sealed class PrefixedLeases : IRaftKvLeases
{
    private readonly IRaftKvLeases _inner;
    private readonly KeyPrefix _prefix;

    public PrefixedLeases(IRaftKvLeases inner, KeyPrefix prefix)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (_inner, _prefix) = (inner, prefix);
    }

    public ValueTask<KvLease> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        _inner.GrantAsync(timeToLive, cancellationToken);

    public ValueTask<bool> RevokeAsync(long leaseId, CancellationToken cancellationToken = default) =>
        _inner.RevokeAsync(leaseId, cancellationToken);

    public async ValueTask<KvLeaseInfo?> GetAsync(long leaseId, CancellationToken cancellationToken = default)
    {
        var lease = await _inner.GetAsync(leaseId, cancellationToken).ConfigureAwait(false);
        return lease is null ? null : lease with { Keys = Inside(lease.Keys) };
    }

    public async ValueTask<IReadOnlyList<KvLeaseSummary>> ListAsync(long after = 0, int limit = 100,
        CancellationToken cancellationToken = default)
    {
        var leases = new List<KvLeaseSummary>();
        while (true)
        {
            var page = await _inner.ListAsync(after, limit, cancellationToken).ConfigureAwait(false);
            foreach (var lease in page)
            {
                after = lease.LeaseId;
                if (await InsideAsync(lease, cancellationToken).ConfigureAwait(false) is not { } inside)
                    continue;
                leases.Add(inside);
                if (leases.Count == limit)
                    return leases;
            }
            if (page.Count < limit)
                return leases;
        }
    }

    /// <summary><c>null</c> when none of its keys has the prefix.</summary>
    private async ValueTask<KvLeaseSummary?> InsideAsync(KvLeaseSummary lease, CancellationToken cancellationToken)
    {
        var keys = lease.FirstKeys;
        if (lease.KeyCount > keys.Count)
            keys = (await _inner.GetAsync(lease.LeaseId, cancellationToken).ConfigureAwait(false))?.Keys ?? [];
        var inside = Inside(keys);
        return inside.Length == 0 ? null
            : lease with { KeyCount = inside.Length, FirstKeys = [.. inside.Take(KvLeaseSummary.MaxFirstKeys)] };
    }

    private string[] Inside(IReadOnlyList<string> keys) =>
        [.. keys.Select(key => _prefix.TryInner(key, out var inner) ? inner : null).OfType<string>()];
}
