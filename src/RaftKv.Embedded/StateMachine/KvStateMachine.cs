using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// Applies committed entries to the state. One thread applies. The same entries give the same state and the same results on every node,
/// even if their bytes are malformed. Only errors of the store are thrown; after one, no further entry may be applied.
/// </summary>
internal sealed class KvStateMachine : IChangeSource
{
    private readonly SessionTable _sessions;
    private readonly LeaseTable _leases;
    private readonly KeyLifetimes _lifetimes;
    private readonly RecordWriter _records;
    private readonly Lookahead _lookahead;
    private readonly List<(long Version, byte[] Key)> _named = [];
    private readonly List<long> _namedLeases = [];
    private TransactionPlan? _plan;

    public KvStateMachine(IKvStore store)
        : this(store, new SessionTable(), new LeaseTable(), sum: default)
    {
    }

    /// <summary>Continues from a snapshot whose records <paramref name="store"/> already holds.</summary>
    /// <param name="store">The records.</param>
    /// <param name="state">The state besides the records.</param>
    /// <param name="expiring">The keys that may have a lifetime; <c>null</c> when they are not known, and all keys must be checked.</param>
    /// <param name="sum">The sum of the records.</param>
    /// <exception cref="FormatException">A table is malformed.</exception>
    public KvStateMachine(IKvStore store, KvState state, IEnumerable<byte[]>? expiring = null, RecordSum sum = default)
        : this(store, SessionTable.Decode(state.Sessions.Span), LeaseTable.Decode(state.Leases.Span), sum)
    {
        Applied = state.Last;
        LogTimeMs = state.LogTimeMs;
        Configuration = state.Configuration;
        ConfigurationIndex = state.ConfigurationIndex;
        _lifetimes.Index(expiring);
    }

    private KvStateMachine(IKvStore store, SessionTable sessions, LeaseTable leases, RecordSum sum)
    {
        Store = store;
        (_sessions, _leases) = (sessions, leases);
        _lookahead = new Lookahead(store);
        _lifetimes = new KeyLifetimes(store, leases);
        _records = new RecordWriter(store, _lifetimes, sum);
    }

    public IKvStore Store { get; }

    /// <summary>The listener of changes; <c>null</c> when there is none. Applier thread only.</summary>
    public IKvChangeSink? Changes { get => _records.Changes; set => _records.Changes = value; }

    /// <summary>The last entry applied.</summary>
    public EntryId Applied { get; private set; }

    /// <summary>The clock of the state machine, in Unix milliseconds: the latest time stamp of an applied entry.</summary>
    public long LogTimeMs { get; private set; }

    public ClusterConfiguration Configuration { get; private set; } = ClusterConfiguration.Empty;

    public long ConfigurationIndex { get; private set; }

    public LeaseTable Leases => _leases;

    /// <summary>How many keys have a time to live.</summary>
    public int ExpiringKeys => _lifetimes.Count;

    /// <summary>The log time at which the next key or lease is due.</summary>
    public long NextDueMs => _lifetimes.NextDueMs;

    public int SessionCount => _sessions.Count;

    /// <summary>
    /// A number that is equal on two nodes that have equal records, after the same entry. Reads no record. Applier thread only.
    /// </summary>
    public ulong Fingerprint => _records.Sum.Value + (ulong)Store.Count;

    /// <summary>Prefetches the records of entries that are applied next.</summary>
    public void Prefetch(ReadOnlySpan<LogEntry> entries)
    {
        if (entries.Length < 2)
            return;
        foreach (ref readonly var entry in entries)
        {
            // Not for transactions: the plan of a transaction prefetches the records of its own keys.
            if (entry.Kind == EntryKind.Command && KvCommand.TryRead(entry.Payload.Span, out var command)
                && command.Operation is KvOperation.Set or KvOperation.SetWithLifetime or KvOperation.Delete)
                _lookahead.Add(command.Key);
        }
        _lookahead.Fetch();
    }

    public ApplyResult Apply(in LogEntry entry)
    {
        Invariant.Holds(entry.Index == Applied.Index + 1 && entry.Term >= Applied.Term, "entries are applied in order, without a gap");
        if (entry.TimeMs > LogTimeMs)
        {
            // The time of leases stands still while there is no leader. A term start of an older version does not say until when there was
            // a leader; then all of the time since the last entry counts as time without one.
            if (TermStart.TryRead(entry, out var ledUntilMs))
                _leases.Pause(entry.TimeMs - Math.Clamp(ledUntilMs, LogTimeMs, entry.TimeMs));
            else if (entry.Term != Applied.Term)
                _leases.Pause(entry.TimeMs - LogTimeMs);
            LogTimeMs = entry.TimeMs;
        }
        var result = entry.Kind switch
        {
            EntryKind.Command => ApplyCommand(entry),
            EntryKind.Configuration => ApplyConfiguration(entry),
            _ => default,
        };
        _records.EndEntry(entry.Index);
        Applied = entry.Id;
        return result;
    }

    /// <summary>
    /// Makes an expire command of bounded size for the keys and leases that are due at the log time <paramref name="nowMs"/>.
    /// </summary>
    public byte[] CollectDue(long nowMs) => _lifetimes.CollectDue(nowMs);

    /// <summary>Captures the current state, which takes a few ms at most. At most one snapshot may be alive at a time.</summary>
    public KvSnapshot CaptureSnapshot()
    {
        return new KvSnapshot(State(), Store.Checkpoint(Applied.Index), Store.Count);
    }

    /// <summary>
    /// A number that is equal when the whole state is equal: records, sessions, leases, configuration, log time. Reads every record.
    /// Applier thread only.
    /// </summary>
    public ulong Digest() => StateDigest.Compute(Store, State());

    private KvState State() => new(Applied, LogTimeMs, Configuration, ConfigurationIndex, _sessions.Encode(), _leases.Encode());

    private ApplyResult ApplyConfiguration(in LogEntry entry)
    {
        try
        {
            Configuration = ClusterConfiguration.Decode(entry.Payload.Span);
            ConfigurationIndex = entry.Index;
            return default;
        }
        catch (FormatException)
        {
            return new ApplyResult(ApplyStatus.Malformed);
        }
    }

    private ApplyResult ApplyCommand(in LogEntry entry)
    {
        if (!KvCommand.TryRead(entry.Payload.Span, out var command))
        {
            KvCommand.TryReadPlace(entry.Payload.Span, out var session, out var sequence);
            return new ApplyResult(ApplyStatus.Malformed, session, sequence);
        }
        switch (command.Operation)
        {
            case KvOperation.OpenSession:
                _sessions.Open(entry.Index, LogTimeMs, command.TimeToLiveSeconds);
                return new ApplyResult(ApplyStatus.Applied, entry.Index, command.Sequence, entry.Index, command.Nonce);
            case KvOperation.CloseSession:
                _sessions.Close(command.Session);
                return new ApplyResult(ApplyStatus.None, command.Session, command.Sequence);
            case KvOperation.Transaction or KvOperation.ExtendedTransaction:
                return ApplyTransaction(entry, command);
            case KvOperation.Expire:
                return ApplyExpire(entry, command);
            case KvOperation.Touch:
                return ApplyTouch(command);
            case KvOperation.GrantLease or KvOperation.RenewLease or KvOperation.RevokeLease:
                return ApplyLease(entry, command);
            default:
                return ApplyOnce(entry, command);
        }
    }

    private ApplyResult ApplyOnce(in LogEntry entry, in KvCommand command)
    {
        if (_sessions.Admit(command, LogTimeMs, out var session) is { } answered)
            return answered;
        var status = command.Operation == KvOperation.Delete ? ApplyDelete(entry, command, out var version)
            : ApplySet(entry, command, out version);
        session!.Remember(command.Sequence, status, version);
        return new ApplyResult(status, command.Session, command.Sequence, version);
    }

    private ApplyStatus ApplySet(in LogEntry entry, in KvCommand command, out long version)
    {
        Store.TryGetHeader(command.Key, out var current);
        version = current.Version;
        if (!Holds(command.Condition, version))
            return ApplyStatus.ConditionFailed;
        var next = current.NextAt(entry.Index);
        if (command.Operation == KvOperation.SetWithLifetime)
        {
            if (_lifetimes.CheckLease(command.Lifetime.LeaseId) is var lease and not ApplyStatus.Applied)
                return lease;
            next = command.Lifetime.Give(current, next, LogTimeMs);
        }
        version = entry.Index;
        _records.Put(command.Key, current, next, command.Value);
        return ApplyStatus.Applied;
    }

    private ApplyStatus ApplyDelete(in LogEntry entry, in KvCommand command, out long version)
    {
        Store.TryGetHeader(command.Key, out var current);
        version = current.Version;
        if (!Holds(command.Condition, version))
            return ApplyStatus.ConditionFailed;
        if (version == 0)
            return ApplyStatus.NotFound;
        version = entry.Index;
        _records.Erase(command.Key, current, KvChangeKind.Delete, version);
        return ApplyStatus.Applied;
    }

    /// <summary>
    /// Applies all of a transaction or nothing, under one version. It is planned first; a plan without an error is then carried out.
    /// </summary>
    private ApplyResult ApplyTransaction(in LogEntry entry, in KvCommand command)
    {
        if (!KvCommand.TryReadTransaction(entry.Payload, out var transaction))
            return new ApplyResult(ApplyStatus.Malformed, command.Session, command.Sequence);
        if (_sessions.Admit(command, LogTimeMs, out var session) is { } answered)
            return answered;
        var plan = _plan ??= new TransactionPlan(Store, _lookahead, _lifetimes.CheckLease);
        // From this level on, an increment keeps the lifetime of a key; below it, an increment removes it. The level is part of the log, so
        // every node changes the meaning of an increment at the same entry, also when it replays the log.
        var increments = Configuration.FeatureLevel >= FeatureLevels.IncrementLifetimes ? new KvLifetime(Keep: true) : default;
        var status = plan.Make(transaction!, entry.Index, LogTimeMs, increments, out var at);
        if (status is not (ApplyStatus.Applied or ApplyStatus.ConditionFailed))
        {
            session!.Remember(command.Sequence, status, at);
            return new ApplyResult(status, command.Session, command.Sequence, at);
        }
        foreach (var write in plan.Writes)
        {
            if (write.Erases)
                _records.Erase(write.Key.Span, write.Before, KvChangeKind.Delete, entry.Index);
            else
                _records.Put(write.Key.Span, write.Before, write.After, write.Value.Span);
        }
        var (result, failed) = (plan.Result, plan.FailedCompare);
        plan.Clear();
        session!.Remember(command.Sequence, status, entry.Index);
        session.RememberPayload(command.Sequence, result);
        return new ApplyResult(status, command.Session, command.Sequence, entry.Index, Payload: result, FailedCompare: failed);
    }

    private ApplyResult ApplyExpire(in LogEntry entry, in KvCommand command)
    {
        if (!TryReadNamed(command))
            return new ApplyResult(ApplyStatus.Malformed);
        foreach (var (version, key) in _named)
        {
            if (Store.TryGetHeader(key, out var header) && header.Version == version
                && header.ExpiresAtMs != 0 && header.ExpiresAtMs <= LogTimeMs)
                _records.Erase(key, header, KvChangeKind.Expire, entry.Index);
        }
        foreach (var id in _namedLeases)
        {
            if (_leases.Find(id) is { } lease && _leases.IsDue(lease, LogTimeMs))
                End(lease, entry.Index);
        }
        return default;
    }

    /// <summary>
    /// Moves the expiry of sliding keys that were read. No local clock decides: the command is an entry of the log, and the log time of
    /// this entry counts.
    /// </summary>
    private ApplyResult ApplyTouch(in KvCommand command)
    {
        if (!TryReadNamed(command))
            return new ApplyResult(ApplyStatus.Malformed);
        foreach (var (version, key) in _named)
        {
            if (!Store.TryGetHeader(key, out var before) || before.Version != version || before.SlidingMs == 0)
                continue;
            var after = before.UsedAt(LogTimeMs);
            if (after.ExpiresAtMs > before.ExpiresAtMs)
                _records.MoveEnd(key, before, after);
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

    /// <summary>Removes a lease and all its keys, in one entry.</summary>
    private void End(Lease lease, long index)
    {
        // A copy, because erasing a key also removes it from the lease.
        foreach (var key in lease.Keys.ToArray())
        {
            Store.TryGetHeader(key, out var header);
            _records.Erase(key, header, KvChangeKind.Revoke, index);
        }
        _leases.Remove(lease);
    }

    private bool TryReadNamed(in KvCommand command)
    {
        _named.Clear();
        _namedLeases.Clear();
        return ExpireCommand.TryRead(command.Value, _named, _namedLeases);
    }

    private static bool Holds(KvCondition condition, long version) => condition.Kind switch
    {
        KvConditionKind.Always => true,
        KvConditionKind.Exists => version != 0,
        KvConditionKind.NotExists => version == 0,
        _ => version == condition.Version.Value,
    };
}
