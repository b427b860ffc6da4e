using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>The keys and leases that expire, and when; updated together with the records. Applier thread only.</summary>
internal sealed class KeyLifetimes(IKvStore store, LeaseTable leases)
{
    private readonly ExpiryIndex _expiry = new();
    private readonly List<(long Version, byte[] Key)> _named = [];
    private readonly List<long> _namedLeases = [];

    /// <summary>How many keys have a time to live.</summary>
    public int Count => _expiry.Count;

    /// <summary>The log time at which the next key or lease is due.</summary>
    public long NextDueMs => Math.Min(_expiry.FirstMs, leases.FirstMs);

    /// <summary>
    /// Makes an expire command of bounded size for the keys and leases that are due at the log time <paramref name="nowMs"/>.
    /// </summary>
    public byte[] CollectDue(long nowMs)
    {
        _named.Clear();
        _namedLeases.Clear();
        // A lease expires with all its keys, so these count towards the keys of the command.
        var room = ExpireCommand.MaxKeys;
        foreach (var id in leases.Due(nowMs))
        {
            room -= 1 + leases.Find(id)!.Keys.Count;
            if (room < 0 && _namedLeases.Count > 0)
                break;
            _namedLeases.Add(id);
        }
        var bytes = ExpireCommand.CountBytes + _namedLeases.Count * sizeof(long);
        foreach (var key in _expiry.Due(nowMs))
        {
            if (--room < 0 || bytes > ExpireCommand.MaxBytes)
                break;
            store.TryGetHeader(key, out var header);
            _named.Add((header.Version, key));
            bytes += ExpireCommand.SizeOf(key.Length);
        }
        return KvCommand.WriteExpire(_named, _namedLeases);
    }

    /// <summary>Whether a key may be bound to a lease: <see cref="ApplyStatus.Applied"/> if so, and for no lease (0).</summary>
    public ApplyStatus CheckLease(long id)
    {
        if (id == 0)
            return ApplyStatus.Applied;
        if (leases.Find(id) is not { } lease)
            return ApplyStatus.LeaseNotFound;
        return lease.Keys.Count < LeaseTable.MaxKeys ? ApplyStatus.Applied : ApplyStatus.LeaseFull;
    }

    /// <summary>Updates the indexes for a record that changes.</summary>
    public void Relate(ReadOnlySpan<byte> name, in RecordHeader before, in RecordHeader after)
    {
        var key = name.ToArray();
        if (before.ExpiresAtMs != after.ExpiresAtMs)
        {
            if (before.ExpiresAtMs != 0)
                _expiry.Remove(before.ExpiresAtMs, key);
            if (after.ExpiresAtMs != 0)
                _expiry.Add(after.ExpiresAtMs, key);
        }
        if (before.LeaseId != after.LeaseId)
        {
            leases.Find(before.LeaseId)?.Keys.Remove(key);
            leases.Find(after.LeaseId)?.Keys.Add(key);
        }
    }

    /// <summary>Builds the indexes from the records of a snapshot.</summary>
    /// <param name="keys">The keys that may have a lifetime; <c>null</c>: any key may.</param>
    public void Index(IEnumerable<byte[]>? keys)
    {
        foreach (var key in keys ?? AllKeys())
        {
            if (store.TryGetHeader(key, out var header) && header.HasLifetime)
                Relate(key, default, header);
        }
    }

    private IEnumerable<byte[]> AllKeys()
    {
        var page = new List<byte[]>();
        byte[] last = [];
        while (store.CopyKeys(last, after: last.Length > 0, to: default, 1024, page) > 0)
        {
            foreach (var key in page)
                yield return key;
            last = page[^1];
            page.Clear();
        }
    }
}
