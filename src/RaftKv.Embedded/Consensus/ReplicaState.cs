using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>What a replica has in every role: its settings, term and vote, log, configurations and commit index.</summary>
internal sealed class ReplicaState
{
    private long _applyIssued;
    private ClusterConfiguration? _announcedConfiguration;
    private long _announcedConfigurationIndex = -1;

    public ReplicaState(RaftSettings settings, RaftStart start)
    {
        Settings = settings;
        Random = new Prng(settings.Seed);
        Log = new RaftLog(start, settings.CacheBytes);
        Configurations = new ConfigurationHistory(start);
        Clock = new LogClock(start.LastTimeMs);
        Vote = new HardState(start);
        Outbox = new Outbox(Vote, settings.ElectionTimeout);
        SnapshotId = start.Snapshot;
        CommitIndex = _applyIssued = start.Snapshot.Index;
    }

    public RaftSettings Settings { get; private set; }

    public Prng Random { get; }

    public RaftLog Log { get; }

    public ConfigurationHistory Configurations { get; }

    public LogClock Clock { get; }

    public HardState Vote { get; }

    public Outbox Outbox { get; }

    public long CommitIndex { get; private set; }

    /// <summary>The last entry of the newest snapshot.</summary>
    public EntryId SnapshotId { get; private set; }

    public string NodeId => Settings.NodeId;

    public long Term => Vote.Term;

    /// <summary>The time of the step under way, in ticks.</summary>
    public long Now => Outbox.Now.Ticks;

    /// <summary>The configuration in force: the newest in the log, committed or not.</summary>
    public ClusterConfiguration Configuration => Configurations.Current;

    public long ConfigurationIndex => Configurations.CurrentIndex;

    /// <summary>
    /// This node in the configuration in force. <c>null</c> also where an old configuration names another incarnation of this node, whose
    /// disk was lost or which was removed.
    /// </summary>
    public Member? Self => Configuration.Find(NodeId) is { } member && member.IsOf(Settings.Incarnation) ? member : null;

    public bool IsVoter => Self is { IsVoter: true };

    /// <summary>Whether every member understands what a leader says about log time.</summary>
    public bool SaysLogTime => Configuration.FeatureLevel >= FeatureLevels.Safeguards;

    /// <summary>The log time of an entry that is appended now.</summary>
    public long LogTime(Moment now) => Math.Max(Log.LastTimeMs, Clock.Stamp(now));

    /// <summary>The data directory has another identity from now on.</summary>
    public void Reincarnate(Guid incarnation) => Settings = Settings with { Incarnation = incarnation };

    public void Send(string to, RaftMessage message) => Outbox.Send(to, message);

    /// <summary>Appends to the log and has it written. A conflicting suffix must have been truncated before.</summary>
    public void Append(ReadOnlyMemory<LogEntry> entries)
    {
        Outbox.SaveVoteIfChanged();
        Log.Append(entries);
        Outbox.Add(new Append(entries));
        foreach (ref readonly var entry in entries.Span)
        {
            if (entry.Kind == EntryKind.Configuration)
                Configurations.Append(entry.Index, ClusterConfiguration.Decode(entry.Payload.Span));
        }
    }

    /// <summary>Drops the end of the log. The configurations of its entries are no longer in force.</summary>
    public void TruncateFrom(long first)
    {
        Invariant.Holds(first > CommitIndex, "what is committed is never truncated");
        Log.TruncateFrom(first);
        Configurations.TruncateFrom(first);
    }

    /// <summary>Drops the beginning of the log, which a snapshot covers.</summary>
    public void TruncatePrefix(long first)
    {
        Log.TruncatePrefix(first);
        Configurations.ForgetBefore(Log.Base.Index);
        Outbox.Add(new TruncatePrefix(first));
    }

    /// <summary>Moves the commit index and hands each new entry to the state machine once; <c>false</c> when nothing is new.</summary>
    public bool AdvanceCommit(long to)
    {
        if (to <= CommitIndex)
            return false;
        Invariant.Holds(to <= Log.LastIndex, "only entries of the log commit");
        CommitIndex = to;
        // Each range is either all in memory or all on disk; after a restart the first ones may be on disk only.
        if (_applyIssued + 1 < Log.FirstInMemory && to >= Log.FirstInMemory)
            IssueApply(Log.FirstInMemory - 1);
        IssueApply(to);
        return true;
    }

    /// <summary>A snapshot of this node's own state machine is durable.</summary>
    public void NoteSnapshot(EntryId last)
    {
        Invariant.Holds(last.Index <= CommitIndex, "only what is committed is in a snapshot");
        if (last.Index > SnapshotId.Index)
            SnapshotId = last;
        Log.MarkApplied(last.Index);
    }

    /// <summary>
    /// The state machine has the state of a leader's snapshot. Its configuration replaces every older one, also those that were only ever
    /// appended here.
    /// </summary>
    public void AdoptSnapshot(SnapshotInstalled e, bool keepsSuffix)
    {
        var last = e.Last;
        CommitIndex = _applyIssued = last.Index;
        SnapshotId = last;
        Clock.NotBefore(e.LogTimeMs, Outbox.Now);
        Configurations.ReplaceUpTo(last.Index, e.ConfigurationIndex, e.Configuration ?? ClusterConfiguration.Empty, keepsSuffix);
        if (keepsSuffix)
        {
            Log.MarkApplied(last.Index);
            TruncatePrefix(last.Index + 1);
            return;
        }
        // A log that does not contain the snapshot's last entry conflicts with it, as a whole (Raft §7, figure 13).
        Outbox.SaveVoteIfChanged();
        Log.Reset(last, e.LogTimeMs);
        Outbox.Add(new ResetLog(last));
    }

    /// <summary>Says which configuration is in force; <c>false</c> when it was said before.</summary>
    public bool AnnounceConfiguration()
    {
        if (_announcedConfiguration == Configuration && _announcedConfigurationIndex == ConfigurationIndex)
            return false;
        _announcedConfiguration = Configuration;
        _announcedConfigurationIndex = ConfigurationIndex;
        Outbox.Add(new ConfigurationChanged(Configuration, ConfigurationIndex));
        return true;
    }

    /// <summary>The time since a moment, in words.</summary>
    public string Since(long ticks) => $"{(Now - ticks) / TimeSpan.TicksPerMillisecond} ms";

    private void IssueApply(long to)
    {
        Outbox.Add(new Apply(_applyIssued + 1, to));
        _applyIssued = to;
    }
}
