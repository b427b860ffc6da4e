using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A write is given to a leader once, however long its outcome takes, unless there was a reason to give it again: another leader or term, a
/// connection that changed, a refusal, a snapshot that passed over entries. A node hears of a changed connection a moment after the
/// network, so its own count of reasons is compared as well. Repeated writes have no effect, but they fill disks and links at the worst
/// moment.
/// </summary>
internal sealed class OneEntryPerWrite(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Term, long Index)> _seen = new();
    private readonly Dictionary<(long Session, long Sequence), Way> _forwarded = [];
    private readonly Dictionary<(long Session, long Sequence), Way> _appended = [];
    private readonly List<LogEntry> _entries = [];

    /// <summary>A node sends writes to the leader over a connection.</summary>
    public void OnForwarded(SimNode node, ForwardWrites message)
    {
        if (node.Core is not { } core)
            return;
        foreach (var command in message.Commands)
        {
            if (KvCommand.TryReadPlace(command.Span, out var session, out var sequence) && sequence > 0)
                Note(_forwarded, node, (session, sequence), new Way(node.Id, node.Life, core.Term, core.LeaderId, core.SnapshotIndex, run.Network.Breaks, node.Replica.RouteNumber));
        }
    }

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        if (core.Role != RaftRole.Leader)
        {
            _seen[node] = default;
            return;
        }
        ref var seen = ref _seen[node];
        var from = (seen.Life, seen.Term) == (node.Life, core.Term) ? seen.Index + 1 : core.LastIndex + 1;
        seen = (node.Life, core.Term, core.LastIndex);
        _entries.Clear();
        if (from > core.LastIndex || !core.TryCopyEntries(from, core.LastIndex, _entries))
            return;
        // Forwarded writes are checked where they were sent: under way they may meet the next leader, and a second copy may follow them
        // there.
        foreach (var entry in _entries)
        {
            if (entry.Kind == EntryKind.Command && KvCommand.TryReadPlace(entry.Payload.Span, out var session, out var sequence) && sequence > 0 && !_forwarded.ContainsKey((session, sequence)))
                Note(_appended, node, (session, sequence), new Way(node.Id, node.Life, core.Term, core.LeaderId, core.SnapshotIndex, run.Network.Breaks, node.Replica.RouteNumber));
        }
    }

    private static void Note(Dictionary<(long Session, long Sequence), Way> known, SimNode node, (long Session, long Sequence) write, Way way)
    {
        if (known.TryGetValue(write, out var before) && before == way)
            throw new BrokenInvariantException("One entry per write", $"{node.Id} has given write {write.Sequence} of session {write.Session} to the leader {way.Leader} of term {way.Term} twice, and nothing was lost between");
        known[write] = way;
    }

    private readonly record struct Way(string Node, int Life, long Term, string? Leader, long Snapshot, long Breaks, long Route);
}
