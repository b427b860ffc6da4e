using System.Buffers.Binary;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The leases of the cluster. Their clock is log time minus the time without a leader. Without a leader no holder can renew its lease, so
/// that time does not count: after a change of the leader, a lease has at least the remaining time that it had before.
/// </summary>
internal sealed class LeaseTable
{
    public const int MaxLeases = 100_000;

    /// <summary>
    /// The most keys of one lease: they are deleted in one entry, so their number is bounded. A single transaction may exceed the limit,
    /// because its own keys are not counted while it is planned.
    /// </summary>
    public const int MaxKeys = 10_000;

    private const int LeaseBytes = 3 * sizeof(long);

    private readonly Dictionary<long, Lease> _leases = [];
    private readonly SortedSet<(long At, long Id)> _byDeadline = [];

    public int Count => _leases.Count;

    public IEnumerable<Lease> All => _leases.Values;

    /// <summary>How many milliseconds lease time is behind log time.</summary>
    public long PausedMs { get; private set; }

    /// <summary>The log time at which the first lease is due; <see cref="long.MaxValue"/> if there is none.</summary>
    public long FirstMs => _byDeadline.Count == 0 ? long.MaxValue : _byDeadline.Min.At + PausedMs;

    public Lease? Find(long id) => _leases.GetValueOrDefault(id);

    /// <summary>A new term has begun after <paramref name="gapMs"/> without a leader.</summary>
    public void Pause(long gapMs)
    {
        if (_leases.Count > 0)
            PausedMs += gapMs;
    }

    public void Grant(long id, long timeToLiveMs, long nowMs) => Add(new Lease(id, timeToLiveMs, nowMs - PausedMs + timeToLiveMs));

    public void Renew(Lease lease, long nowMs)
    {
        _byDeadline.Remove((lease.DeadlineMs, lease.Id));
        lease.DeadlineMs = nowMs - PausedMs + lease.TimeToLiveMs;
        _byDeadline.Add((lease.DeadlineMs, lease.Id));
    }

    public void Remove(Lease lease)
    {
        _leases.Remove(lease.Id);
        _byDeadline.Remove((lease.DeadlineMs, lease.Id));
        if (_leases.Count == 0)
            PausedMs = 0;
    }

    public bool IsDue(Lease lease, long nowMs) => lease.DeadlineMs <= nowMs - PausedMs;

    public long RestMs(Lease lease, long nowMs) => lease.DeadlineMs - (nowMs - PausedMs);

    /// <summary>The ids of the leases that are due, the longest overdue first.</summary>
    public IEnumerable<long> Due(long nowMs)
    {
        foreach (var (at, id) in _byDeadline)
        {
            if (at > nowMs - PausedMs)
                yield break;
            yield return id;
        }
    }

    /// <summary>
    /// version u8 = 1 | paused i64 | count i32 | by id: id, time to live, deadline, i64 each; empty when there are no leases. Which keys a
    /// lease has follows from the records.
    /// </summary>
    public byte[] Encode()
    {
        if (_leases.Count == 0)
            return [];
        var bytes = new byte[1 + sizeof(long) + sizeof(int) + _leases.Count * LeaseBytes];
        bytes[0] = 1;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), PausedMs);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(9), _leases.Count);
        var to = bytes.AsSpan(13);
        foreach (var lease in _leases.Values.OrderBy(l => l.Id))
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, lease.Id);
            BinaryPrimitives.WriteInt64LittleEndian(to[8..], lease.TimeToLiveMs);
            BinaryPrimitives.WriteInt64LittleEndian(to[16..], lease.DeadlineMs);
            to = to[LeaseBytes..];
        }
        return bytes;
    }

    /// <exception cref="FormatException">The bytes are not a table of leases.</exception>
    public static LeaseTable Decode(ReadOnlySpan<byte> bytes)
    {
        var table = new LeaseTable();
        if (bytes.IsEmpty)
            return table;
        if (bytes.Length < 13 || bytes[0] != 1)
            throw new FormatException("The table of leases is cut off or of a newer version.");
        table.PausedMs = BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]);
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[9..]);
        bytes = bytes[13..];
        if (count is <= 0 or > MaxLeases || bytes.Length != (long)count * LeaseBytes || table.PausedMs < 0)
            throw new FormatException("The table of leases has an impossible size.");
        for (var last = 0L; !bytes.IsEmpty; bytes = bytes[LeaseBytes..])
        {
            var id = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            var timeToLive = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
            if (id <= last || timeToLive is <= 0 or > KvLifetime.MaxMs)
                throw new FormatException("The table of leases is out of order, or has an impossible time.");
            last = id;
            table.Add(new Lease(id, timeToLive, BinaryPrimitives.ReadInt64LittleEndian(bytes[16..])));
        }
        return table;
    }

    private void Add(Lease lease)
    {
        _leases.Add(lease.Id, lease);
        _byDeadline.Add((lease.DeadlineMs, lease.Id));
    }
}
