using System.Buffers;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

// What ends by itself: keys with a time to live, leases and their keys. Nothing goes because a clock says so, only because an entry does: a leader proposes it, and
// the log time of the entry decides.
internal sealed partial class KvStateMachine
{
    private readonly ExpiryIndex _expiry = new();
    private readonly LeaseTable _leases;
    private readonly List<(long Version, byte[] Key)> _named = [];
    private readonly List<long> _namedLeases = [];

    public LeaseTable Leases => _leases;

    /// <summary>How many keys have a time to live.</summary>
    public int ExpiringKeys => _expiry.Count;

    /// <summary>The log time at which the next key or lease is due.</summary>
    public long NextDueMs => Math.Min(_expiry.FirstMs, _leases.FirstMs);

    /// <summary>An expire command for what is due at <paramref name="nowMs"/>, bounded.</summary>
    public byte[] CollectDue(long nowMs)
    {
        _named.Clear();
        _namedLeases.Clear();
        // A lease takes all its keys along, so one command has few of them.
        var room = ExpireCommand.MaxKeys;
        foreach (var id in _leases.Due(nowMs))
        {
            room -= 1 + _leases.Find(id)!.Keys.Count;
            if (room < 0 && _namedLeases.Count > 0)
                break;
            _namedLeases.Add(id);
        }
        var bytes = ExpireCommand.CountBytes + _namedLeases.Count * sizeof(long);
        foreach (var key in _expiry.Due(nowMs))
        {
            if (--room < 0 || bytes > ExpireCommand.MaxBytes)
                break;
            Store.TryGetHeader(key, out var header);
            _named.Add((header.Version, key));
            bytes += ExpireCommand.SizeOf(key.Length);
        }
        return KvCommand.WriteExpire(_named, _namedLeases);
    }

    private ApplyResult ApplyExpire(in LogEntry entry, in KvCommand command)
    {
        if (!TryReadNamed(command))
            return new ApplyResult(ApplyStatus.Malformed);
        foreach (var (version, key) in _named)
        {
            if (Store.TryGetHeader(key, out var header) && header.Version == version && header.ExpiresAtMs != 0 && header.ExpiresAtMs <= LogTimeMs)
                Erase(key, header, KvChangeKind.Expire, entry.Index);
        }
        foreach (var id in _namedLeases)
        {
            if (_leases.Find(id) is { } lease && _leases.IsDue(lease, LogTimeMs))
                End(lease, entry.Index);
        }
        return default;
    }

    /// <summary>Carries what was read a little further. Not a change: the version stays, and nobody is told.</summary>
    private ApplyResult ApplyTouch(in KvCommand command)
    {
        if (!TryReadNamed(command))
            return new ApplyResult(ApplyStatus.Malformed);
        foreach (var (version, key) in _named)
        {
            if (!Store.TryGetHeader(key, out var before) || before.Version != version || before.SlidingMs == 0)
                continue;
            var after = before.UsedAt(LogTimeMs);
            if (after.ExpiresAtMs <= before.ExpiresAtMs)
                continue;
            Store.TryRead(key, 0, static (in RecordHeader _, ReadOnlySpan<byte> value, int _) =>
            {
                var copy = ArrayPool<byte>.Shared.Rent(value.Length);
                value.CopyTo(copy);
                return (Bytes: copy, value.Length);
            }, out var value);
            Relate(key, before, after);
            _sum.Replace(key, before, after);
            Store.Put(key, after, value.Bytes.AsSpan(0, value.Length), replaces: true);
            ArrayPool<byte>.Shared.Return(value.Bytes!);
        }
        return default;
    }

    private ApplyResult ApplyLease(in LogEntry entry, in KvCommand command)
    {
        if (_sessions.Admit(command, LogTimeMs, out var session) is { } answered)
            return answered;
        var (status, version) = command.Operation switch
        {
            KvOperation.GrantLease => Grant(entry.Index, command.Number),
            KvOperation.RenewLease => Renew(command.Number, entry.Index),
            _ => Revoke(command.Number, entry.Index),
        };
        session!.Remember(command.Sequence, status, version);
        return new ApplyResult(status, command.Session, command.Sequence, version);
    }

    private (ApplyStatus Status, long Version) Grant(long id, long timeToLiveMs)
    {
        if (_leases.Count >= LeaseTable.MaxLeases)
            return (ApplyStatus.TooManyLeases, 0);
        _leases.Grant(id, timeToLiveMs, LogTimeMs);
        return (ApplyStatus.Applied, id);
    }

    private (ApplyStatus Status, long Version) Renew(long id, long index)
    {
        if (_leases.Find(id) is not { } lease)
            return (ApplyStatus.LeaseNotFound, id);
        _leases.Renew(lease, LogTimeMs);
        return (ApplyStatus.Applied, index);
    }

    private (ApplyStatus Status, long Version) Revoke(long id, long index)
    {
        if (_leases.Find(id) is not { } lease)
            return (ApplyStatus.LeaseNotFound, id);
        End(lease, index);
        return (ApplyStatus.Applied, index);
    }

    /// <summary>The lease and all its keys go, in one entry.</summary>
    private void End(Lease lease, long index)
    {
        // Erasing takes each out of the lease.
        foreach (var key in lease.Keys.ToArray())
        {
            Store.TryGetHeader(key, out var header);
            Erase(key, header, KvChangeKind.Revoke, index);
        }
        _leases.Remove(lease);
    }

    /// <summary>Whether a key may be bound to a lease.</summary>
    private ApplyStatus CheckLease(long id)
    {
        if (id == 0)
            return ApplyStatus.Applied;
        if (_leases.Find(id) is not { } lease)
            return ApplyStatus.LeaseNotFound;
        return lease.Keys.Count < LeaseTable.MaxKeys ? ApplyStatus.Applied : ApplyStatus.LeaseFull;
    }

    /// <summary>Keeps the indexes in step with the records.</summary>
    private void Relate(ReadOnlySpan<byte> name, in RecordHeader before, in RecordHeader after)
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
            _leases.Find(before.LeaseId)?.Keys.Remove(key);
            _leases.Find(after.LeaseId)?.Keys.Add(key);
        }
    }

    /// <summary>Makes the indexes from the records of a snapshot.</summary>
    /// <param name="keys">The keys that may have a lifetime; <c>null</c> is any.</param>
    private void IndexLifetimes(IEnumerable<byte[]>? keys)
    {
        foreach (var key in keys ?? AllKeys())
        {
            if (Store.TryGetHeader(key, out var header) && header.HasLifetime)
                Relate(key, default, header);
        }
    }

    private IEnumerable<byte[]> AllKeys()
    {
        var page = new List<byte[]>();
        byte[] last = [];
        while (Store.CopyKeys(last, after: last.Length > 0, to: default, 1024, page) > 0)
        {
            foreach (var key in page)
                yield return key;
            last = page[^1];
            page.Clear();
        }
    }

    private bool TryReadNamed(in KvCommand command)
    {
        _named.Clear();
        _namedLeases.Clear();
        return ExpireCommand.TryRead(command.Value, _named, _namedLeases);
    }
}
