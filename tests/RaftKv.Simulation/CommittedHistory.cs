using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Simulation.Clients;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation;

/// <summary>
/// The entries that the cluster has committed, as first seen on any node, and their effects: a state machine of its own applies each entry
/// once. All nodes, and all answers to callers, are compared with it.
/// </summary>
internal sealed class CommittedHistory
{
    /// <summary>
    /// The digest is kept only at each index that is a multiple of this, because computing a digest reads the whole state.
    /// </summary>
    public const int DigestEvery = 8;

    private readonly List<(long Term, long LeaderTerm)> _entries = [];
    private readonly List<ulong> _digests = [0];
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly Dictionary<(long Session, long Sequence), (long Index, ApplyResult Result)> _outcomes = [];
    private readonly Dictionary<long, long> _executedAt = [];
    private readonly HashSet<long> _neverExecuted = [];
    private readonly Dictionary<string, List<(long Index, long Operation)>> _writes = [];

    private readonly List<(long Index, ClusterConfiguration Configuration)> _configurations = [(0, ClusterConfiguration.Empty)];
    private readonly List<long> _leases = [];
    private long _transfers;

    private readonly Counters _counters;

    public CommittedHistory()
    {
        _machine.Changes = Changes = new ChangeLog(new Lifetimes(_machine));
        _counters = new Counters(_machine);
    }

    /// <summary>The changes that the entries make to the records.</summary>
    public ChangeLog Changes { get; }

    public EntryId Last { get; private set; }

    /// <summary>Another configuration was committed.</summary>
    public event Action<ClusterConfiguration>? ConfigurationCommitted;

    /// <summary>A lease has expired.</summary>
    public event Action<long>? LeaseExpired;

    /// <summary>An entry has committed.</summary>
    public event Action<LogEntry>? Committed;

    /// <summary>The clock of leases has stood still: the entry before, the entry that says so, and the time in milliseconds.</summary>
    public event Action<EntryId, EntryId, long>? LeasesPaused;

    /// <summary>The newest configuration that is committed.</summary>
    public ClusterConfiguration Configuration => _machine.Configuration;

    public long ConfigurationIndex => _machine.ConfigurationIndex;

    /// <summary>
    /// Every write acknowledged and every fresh read answered so far is at or below this index: a call that begins now must see at least
    /// this.
    /// </summary>
    public long Floor { get; private set; }

    public long TermAt(long index) => _entries[(int)index - 1].Term;

    /// <summary>The term of the node that was first seen to know of the commit.</summary>
    public long CommitTermAt(long index) => _entries[(int)index - 1].LeaderTerm;

    /// <summary>The newest configuration among the entries up to <paramref name="index"/>.</summary>
    public (long Index, ClusterConfiguration Configuration) ConfigurationAt(long index) => _configurations.FindLast(c => c.Index <= index);

    /// <summary>
    /// Whether any committed configuration up to <paramref name="index"/> has had this node; with <paramref name="settled"/>, in another
    /// role than <see cref="MemberRole.Joining"/>.
    /// </summary>
    public bool HasHad(string nodeId, Guid incarnation, long index, bool settled) => _configurations.Exists(c => c.Index <= index
        && c.Configuration.Find(nodeId) is { } member && member.IsOf(incarnation) && !(settled && member.Role == MemberRole.Joining));

    /// <summary>The configuration at an entry, and those of the entries after it up to another one.</summary>
    public IEnumerable<ClusterConfiguration> ConfigurationsBetween(long from, long to)
    {
        var first = _configurations.FindLastIndex(c => c.Index <= from);
        return _configurations.Skip(first).TakeWhile(c => c.Index <= to).Select(c => c.Configuration);
    }

    public ulong DigestAt(long index) => _digests[(int)(index / DigestEvery)];

    public void Raise(long index) => Floor = Math.Max(Floor, index);

    public void Commit(in LogEntry entry, long leaderTerm)
    {
        if (entry.Index != Last.Index + 1)
            throw new BrokenInvariantException("Committed entries", $"entry {entry.Id} commits behind {Last}");
        var before = Last;
        Last = entry.Id;
        _entries.Add((entry.Term, leaderTerm));
        _leases.Clear();
        if (_machine.Leases.Count > 0)
            _leases.AddRange(_machine.Leases.All.Select(l => l.Id));
        Committed?.Invoke(entry);
        var paused = _machine.Leases.PausedMs;
        _counters.Begin(entry);
        var result = _machine.Apply(entry);
        _counters.End(entry, result);
        if (_machine.Leases.PausedMs > paused)
            LeasesPaused?.Invoke(before, entry.Id, _machine.Leases.PausedMs - paused);
        if (entry.Kind == EntryKind.Configuration)
        {
            _configurations.Add((entry.Index, _machine.Configuration));
            ConfigurationCommitted?.Invoke(_machine.Configuration);
        }
        if (entry.Kind == EntryKind.Command && KvCommand.TryRead(entry.Payload.Span, out var command))
        {
            if (command.Sequence > 0)
                Note(entry.Index, command, result);
            if (command.IsTransaction)
                Accounts.Check(_machine.Store, _transfers, entry.Index);
            if (command.Operation == KvOperation.Expire)
                NoteEnded();
        }
        if (entry.Index % DigestEvery == 0)
            _digests.Add(_machine.Digest());
    }

    private void NoteEnded()
    {
        foreach (var lease in _leases)
        {
            if (_machine.Leases.Find(lease) is null)
                LeaseExpired?.Invoke(lease);
        }
    }

    private void Note(long index, in KvCommand command, in ApplyResult result)
    {
        var place = (command.Session, command.Sequence);
        // Answered with the outcome that the session remembers, or refused: nothing was executed.
        if (result.Status is not (ApplyStatus.Applied or ApplyStatus.ConditionFailed or ApplyStatus.NotFound) || (_outcomes.TryGetValue(place, out var first) && first.Result == result && result.Version != index))
            return;
        ExactlyOnce.Check(_outcomes.TryAdd(place, (index, result)), $"{place} is executed at {first.Index} and again at {index}");
        if (result.Status != ApplyStatus.Applied)
            return;
        if (command.IsTransaction && !_counters.IsIncrement)
            _transfers++;
        if (command.Operation is not (KvOperation.Set or KvOperation.Delete))
            return;
        var operation = 0L;
        if (command.Operation == KvOperation.Set)
        {
            operation = WrittenValue.Read(command.Value).Operation;
            ExactlyOnce.Check(!_neverExecuted.Contains(operation), $"operation {operation} failed for certain and is executed at {index}");
            ExactlyOnce.Check(_executedAt.TryAdd(operation, index), $"operation {operation} is executed at {_executedAt[operation]} and again at {index}");
        }
        var key = System.Text.Encoding.UTF8.GetString(command.Key);
        if (!_writes.TryGetValue(key, out var writes))
            _writes[key] = writes = [];
        writes.Add((index, operation));
    }

    /// <summary>A caller was told that its write certainly did not happen.</summary>
    public void CertainlyNot(long operation)
    {
        ExactlyOnce.Check(!_executedAt.TryGetValue(operation, out var index), $"operation {operation} failed for certain and was executed at {index}");
        _neverExecuted.Add(operation);
    }

    /// <summary>The outcome of the command with this place; <c>null</c> when it is not committed.</summary>
    public (long Index, ApplyResult Result)? OutcomeOf(long session, long sequence) => _outcomes.TryGetValue((session, sequence), out var found) ? found : null;

    /// <summary>The write that a reader of the state at <paramref name="index"/> finds under the key; zeros for none.</summary>
    public (long Version, long Operation) ValueAt(string key, long index)
    {
        if (!_writes.TryGetValue(key, out var writes))
            return default;
        var last = writes.FindLastIndex(w => w.Index <= index);
        return last < 0 || writes[last].Operation == 0 ? default : writes[last];
    }
}
