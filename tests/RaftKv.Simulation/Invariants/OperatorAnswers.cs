using RaftKv.Embedded;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// What operators are told is true: a change that is said not to have happened never happens, and a change that is said to be done was
/// committed while the call was under way. An unknown outcome may be either.
/// </summary>
internal sealed class OperatorAnswers : Invariant
{
    private readonly Simulation _run;

    /// <summary>The calls that may still remove a node: those under way, and those that ended with an unknown outcome.</summary>
    private readonly Dictionary<string, (int UnderWay, int Unknown)> _removals = [];

    /// <summary>Answers that claim something about the configurations up to a committed entry that the history has not seen yet.</summary>
    private readonly List<Claim> _claims = [];
    private ClusterConfiguration _before = ClusterConfiguration.Empty;

    /// <summary>
    /// The highest commit index that a node had when it answered another one. The history may not have these entries yet: a node that dies
    /// in the middle of a turn has sent an answer, and the entries that it committed in that turn are seen on no other node.
    /// </summary>
    private long _answeredAt;

    public OperatorAnswers(Simulation run)
    {
        _run = run;
        run.History.ConfigurationCommitted += OnCommitted;
    }

    public void OnAsked(AdminOperation operation, string nodeId)
    {
        if (operation != AdminOperation.RemoveMember)
            return;
        var (underWay, unknown) = _removals.GetValueOrDefault(nodeId);
        _removals[nodeId] = (underWay + 1, unknown);
    }

    /// <param name="operation">What was asked.</param>
    /// <param name="nodeId">The node that the call was about.</param>
    /// <param name="since">The last entry that was known to be committed when it was asked.</param>
    /// <param name="result">The answer; <c>null</c> when the process died that should have given it.</param>
    public void OnAnswered(AdminOperation operation, string nodeId, long since, AdminResult? result)
    {
        if (result is null or { Unknown: true } or { Error: RaftKvMembershipError.NotCaughtUp })
            Close(operation, nodeId, isUnknown: true);
        else if (result is { Retry: false, Error: null or RaftKvMembershipError.UnknownMember })
            _claims.Add(new Claim(operation, nodeId, result.Value.Error, since, MaxCommit()));
        else
            Close(operation, nodeId, isUnknown: false);
    }

    /// <summary>A node sends the answer to a call that was made on another node.</summary>
    public void OnReplying(SimNode node) => _answeredAt = Math.Max(_answeredAt, node.Core?.CommitIndex ?? 0);

    public override void AfterStep(SimNode node)
    {
        for (var i = _claims.Count - 1; i >= 0; i--)
        {
            var claim = _claims[i];
            if (claim.Until > _run.History.Last.Index)
                continue;
            _claims.RemoveAt(i);
            Judge(claim);
        }
    }

    private void Judge(Claim claim)
    {
        Close(claim.Operation, claim.NodeId, isUnknown: false);
        var configurations = _run.History.ConfigurationsBetween(claim.Since, claim.Until);
        if (claim.Operation == AdminOperation.RemoveMember && !configurations.Any(c => c.Find(claim.NodeId) is null))
            throw Broken($"{claim.NodeId} is said to be no member, and was one all the time");
        if (claim is { Operation: AdminOperation.AddMember, Error: null } && !configurations.Any(c => c.IsVoter(claim.NodeId)))
            throw Broken($"{claim.NodeId} is said to vote, and never did");
    }

    private void Close(AdminOperation operation, string nodeId, bool isUnknown)
    {
        if (operation != AdminOperation.RemoveMember)
            return;
        var (underWay, unknown) = _removals.GetValueOrDefault(nodeId);
        _removals[nodeId] = (underWay - 1, unknown + (isUnknown ? 1 : 0));
    }

    /// <summary>No answer that was given until now was given by a later entry than this.</summary>
    private long MaxCommit() =>
        Math.Max(Math.Max(_answeredAt, _run.History.Last.Index), _run.Nodes.Max(n => n.Core?.CommitIndex ?? 0));

    private void OnCommitted(ClusterConfiguration configuration)
    {
        // Only operators remove members. A node may also join because it asked itself, or because a leader met its empty directory.
        foreach (var member in _before.Members)
        {
            if (configuration.Find(member.NodeId) is null)
                ExpectRemoval(member.NodeId);
        }
        _before = configuration;
    }

    private void ExpectRemoval(string nodeId)
    {
        var (underWay, unknown) = _removals.GetValueOrDefault(nodeId);
        if (underWay + unknown == 0)
            throw Broken($"the removal of {nodeId} is committed, and every call for it was told that it did not happen");
        if (underWay == 0)
            _removals[nodeId] = (0, unknown - 1);
    }

    private static BrokenInvariantException Broken(string what) => new("Operators' answers", what);

    private sealed record Claim(AdminOperation Operation, string NodeId, RaftKvMembershipError? Error, long Since, long Until);
}
