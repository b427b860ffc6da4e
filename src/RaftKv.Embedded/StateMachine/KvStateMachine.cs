using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// Gives committed entries their meaning. One thread applies; the same entries give the same state and the same results on every node, whatever
/// their bytes. Only the store's own failures leave as exceptions, and then nothing more may be applied.
/// </summary>
internal sealed partial class KvStateMachine : IChangeSource
{
    private readonly SessionTable _sessions;
    private readonly Lookahead _lookahead;
    private RecordSum _sum;
    private bool _hasChanged;

    public KvStateMachine(IKvStore store)
    {
        Store = store;
        _lookahead = new Lookahead(store);
        _sessions = new SessionTable();
        _leases = new LeaseTable();
    }

    /// <summary>Continues from a snapshot whose records <paramref name="store"/> already holds.</summary>
    /// <param name="store">The records.</param>
    /// <param name="state">The rest.</param>
    /// <param name="mortal">The keys that may have a lifetime; <c>null</c> when that is not known, and all must be looked at.</param>
    /// <param name="sum">What the records amount to.</param>
    /// <exception cref="FormatException">A table is malformed.</exception>
    public KvStateMachine(IKvStore store, KvState state, IEnumerable<byte[]>? mortal = null, RecordSum sum = default)
    {
        Store = store;
        _lookahead = new Lookahead(store);
        _sum = sum;
        _sessions = SessionTable.Decode(state.Sessions.Span);
        Applied = state.Last;
        LogTimeMs = state.LogTimeMs;
        Configuration = state.Configuration;
        ConfigurationIndex = state.ConfigurationIndex;
        _leases = LeaseTable.Decode(state.Leases.Span);
        IndexLifetimes(mortal);
    }

    public IKvStore Store { get; }

    /// <summary>Who hears of changes; <c>null</c> is nobody. Apply thread.</summary>
    public IKvChangeSink? Changes { get; set; }

    /// <summary>The last entry applied.</summary>
    public EntryId Applied { get; private set; }

    /// <summary>The clock of the state machine: the latest time any applied entry was stamped with.</summary>
    public long LogTimeMs { get; private set; }

    public ClusterConfiguration Configuration { get; private set; } = ClusterConfiguration.Empty;

    public long ConfigurationIndex { get; private set; }

    public int SessionCount => _sessions.Count;

    /// <summary>Equal on two nodes whose records are, at the same entry. Apply thread; costs nothing.</summary>
    public ulong Fingerprint => _sum.Value + (ulong)Store.Count;

    /// <summary>These are applied next. Costs a little for each, and saves more.</summary>
    public void Prefetch(ReadOnlySpan<LogEntry> entries)
    {
        if (entries.Length < 2)
            return;
        foreach (ref readonly var entry in entries)
        {
            // A transaction's own keys are more than enough at once.
            if (entry.Kind == EntryKind.Command && KvCommand.TryRead(entry.Payload.Span, out var command) && command.Operation is KvOperation.Set or KvOperation.SetWithLifetime or KvOperation.Delete)
                _lookahead.Add(command.Key);
        }
        _lookahead.Fetch();
    }

    public ApplyResult Apply(in LogEntry entry)
    {
        Invariant.Holds(entry.Index == Applied.Index + 1 && entry.Term >= Applied.Term, "entries are applied in order, without a gap");
        if (entry.TimeMs > LogTimeMs)
        {
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
        if (_hasChanged)
        {
            _hasChanged = false;
            Changes?.EntryEnded(entry.Index);
        }
        Applied = entry.Id;
        return result;
    }

    /// <summary>Pins the state as it is now; takes a few ms at most. At most one is alive at a time.</summary>
    public KvSnapshot CaptureSnapshot()
    {
        return new KvSnapshot(State(), Store.Checkpoint(Applied.Index), Store.Count);
    }

    /// <summary>A number that is equal when the whole state is: records, sessions, configuration, time. Apply thread; walks every record.</summary>
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
            case KvOperation.Transaction:
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
        var status = command.Operation == KvOperation.Delete ? ApplyDelete(entry, command, out var version) : ApplySet(entry, command, out version);
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
            if (CheckLease(command.Lifetime.LeaseId) is var lease and not ApplyStatus.Applied)
                return lease;
            next = command.Lifetime.Give(current, next, LogTimeMs);
        }
        version = entry.Index;
        Put(command.Key, current, next, command.Value);
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
        Erase(command.Key, current, KvChangeKind.Delete, version);
        return ApplyStatus.Applied;
    }

    /// <summary>The one way a record comes into the store or is replaced.</summary>
    private void Put(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        _hasChanged = true;
        if (before.HasLifetime || header.HasLifetime)
            Relate(key, before, header);
        Changes?.Putting(key, before, header, value);
        var record = header with { ValueChecksum = RecordSum.Checksum(value) };
        _sum.Replace(key, before, record);
        Store.Put(key, record, value, replaces: before.Version != 0);
    }

    /// <summary>The one way a record leaves the store.</summary>
    private void Erase(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index)
    {
        _hasChanged = true;
        if (before.HasLifetime)
            Relate(key, before, default);
        Changes?.Erasing(key, before, kind, index);
        _sum.Replace(key, before, default);
        Store.Remove(key);
    }

    private static bool Holds(KvCondition condition, long version) => condition.Kind switch
    {
        KvConditionKind.Always => true,
        KvConditionKind.Exists => version != 0,
        KvConditionKind.NotExists => version == 0,
        _ => version == condition.Version.Value,
    };
}
