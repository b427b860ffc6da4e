using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>Checks each step of each node for the properties of Raft §5.2, figure 3, and those of reads (dissertation §6.4).</summary>
internal sealed class SafetyChecker(IReadOnlyList<ModelNode> nodes)
{
    private readonly Dictionary<long, string> _leaders = [];
    private readonly Dictionary<(string, Guid, long), string> _votes = [];
    private readonly List<long> _committedTerms = [0];
    private readonly Dictionary<long, ulong> _states = [];
    private readonly Dictionary<long, (string Node, long Floor)> _reads = [];
    private readonly HashSet<long> _failed = [];
    private readonly HashSet<string> _leading = [];

    /// <summary>The highest index that any node knows to be committed.</summary>
    public long MaxCommit { get; private set; }

    public long ReadsServed { get; private set; }

    public void Observe(ModelNode node, RaftEffect effect)
    {
        switch (effect)
        {
            case RoleChanged { Role: RaftRole.Leader } e:
                Require(_leaders.TryAdd(e.Term, node.Id) || _leaders[e.Term] == node.Id, $"term {e.Term} has two leaders, {_leaders[e.Term]} and {node.Id} (Election Safety)");
                break;
            case ReadReady e:
                Require(_reads.Remove(e.Id, out var read), $"read {e.Id} was answered twice");
                Require(e.Index >= read.Floor, $"a read on {node.Id} got index {e.Index}, but {read.Floor} was committed before it began");
                ReadsServed++;
                break;
            case ReadFailed e:
                Require(_reads.Remove(e.Id), $"read {e.Id} was answered twice");
                _failed.Add(e.Id);
                break;
        }
    }

    /// <summary>Records a message that leaves the node. A vote that a crash discards before it leaves does not count.</summary>
    public void Sent(ModelNode node, string to, RaftMessage message)
    {
        if (message is VoteReply { PreVote: false, Granted: true } vote)
            Require(_votes.TryAdd((node.Id, node.Incarnation, vote.Term), to) || _votes[(node.Id, node.Incarnation, vote.Term)] == to, $"{node.Id} voted twice in term {vote.Term}");
    }

    public void ReadBegins(ModelNode node, long id) => _reads.Add(id, (node.Id, MaxCommit));

    /// <summary>None of these reads failed, and none is still open.</summary>
    public void ExpectServed(List<long> reads)
    {
        foreach (var id in reads)
            Require(!_reads.ContainsKey(id) && !_failed.Contains(id), $"read {id} was not served in peace");
    }

    public void Crashed(ModelNode node)
    {
        _leading.Remove(node.Id);
        foreach (var id in _reads.Where(r => r.Value.Node == node.Id).Select(r => r.Key).ToList())
            _reads.Remove(id);
    }

    public void Applied(ModelNode node, long index, ulong state)
    {
        Require(_states.TryAdd(index, state) || _states[index] == state, $"{node.Id} applied something else up to {index} (State Machine Safety)");
    }

    public void AfterStep(ModelNode node)
    {
        if (node.Core is not { } core)
            return;
        CheckCommit(node, core);
        if (core.Role == RaftRole.Leader)
        {
            if (_leading.Add(node.Id))
                CheckLeaderCompleteness(node, core);
            if (node.Now.Ticks < core.LeaseUntil)
                Require(core.CommitIndex >= MaxCommit, $"{node.Id} may serve reads from its lease at {core.CommitIndex}, but {MaxCommit} is committed");
        }
        else
        {
            _leading.Remove(node.Id);
        }
    }

    /// <summary>Raft §5.3: two logs that contain an entry with the same index and term are equal up to this entry.</summary>
    public void CheckLogMatching()
    {
        for (var a = 0; a < nodes.Count; a++)
        {
            for (var b = a + 1; b < nodes.Count; b++)
            {
                if (nodes[a].Core is { } left && nodes[b].Core is { } right)
                    CheckLogMatching(nodes[a].Id, left, nodes[b].Id, right);
            }
        }
    }

    private static void CheckLogMatching(string leftId, RaftCore left, string rightId, RaftCore right)
    {
        var equal = false;
        for (var index = Math.Min(left.LastIndex, right.LastIndex); index >= Math.Max(left.FirstIndex, right.FirstIndex); index--)
        {
            var same = left.TermAt(index) == right.TermAt(index);
            Require(same || !equal, $"the logs of {leftId} and {rightId} differ at {index} and agree behind it (Log Matching)");
            equal = same;
        }
    }

    private void CheckCommit(ModelNode node, RaftCore core)
    {
        for (var index = Math.Max(core.FirstIndex, MaxCommit + 1); index <= core.CommitIndex; index++)
        {
            Require(index == _committedTerms.Count, $"{node.Id} committed {index} out of order");
            _committedTerms.Add(core.TermAt(index));
        }
        if (core.CommitIndex > MaxCommit)
        {
            MaxCommit = core.CommitIndex;
            CheckQuorum(node, core);
        }
        if (core.CommitIndex >= core.FirstIndex)
            Require(core.TermAt(core.CommitIndex) == _committedTerms[(int)core.CommitIndex], $"{node.Id} committed another entry at {core.CommitIndex}");
    }

    /// <summary>An entry that is committed for the first time is on the disks of more than half of the voters.</summary>
    private void CheckQuorum(ModelNode node, RaftCore core)
    {
        var id = new EntryId(_committedTerms[(int)MaxCommit], MaxCommit);
        var holders = nodes.Where(n => core.Configuration.IsVoter(n.Id) && n.Disk.Contains(id)).Select(n => n.Id).ToList();
        Require(holders.Count >= core.Configuration.Quorum, $"{node.Id} committed {id}, which only {string.Join(", ", holders)} of [{core.Configuration}] have on disk");
    }

    /// <summary>Raft §5.4: a leader has every entry that was ever committed.</summary>
    private void CheckLeaderCompleteness(ModelNode node, RaftCore core)
    {
        // A stale leader may not know that it was replaced, and lacks entries that its successor committed.
        if (_leaders.Keys.Max() > core.Term)
            return;
        Require(core.LastIndex >= MaxCommit, $"{node.Id} leads term {core.Term} and ends at {core.LastIndex}, but {MaxCommit} is committed (Leader Completeness)");
        for (var index = core.FirstIndex; index <= MaxCommit; index++)
            Require(core.TermAt(index) == _committedTerms[(int)index], $"{node.Id} leads term {core.Term} without the committed entry {index} (Leader Completeness)");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }
}
