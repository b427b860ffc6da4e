using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Node;

/// <summary>
/// How the node stops taking calls: it hands the leadership over, stops, or is faulted. Holder of the turn, unless a member says otherwise.
/// </summary>
internal sealed class Shutdown(
    ReplicaContext context, CallRefusals refusals, StatusPublisher status, PendingProposals proposals, PendingReads reads,
    MembershipRequests requests, SnapshotCoordinator snapshots)
{
    private readonly List<TaskCompletionSource> _handOvers = [];
    private TaskCompletionSource? _stopped;
    private long _stopBy;
    private long _handOverId;
    private bool _handsOver;
    private bool _isCutOff;
    private volatile bool _isLeaving;

    /// <summary>Raised once, by the holder of the turn, when the node stops taking part because of an error.</summary>
    public event Action? Faulted;

    /// <summary>Any thread. The host is about to stop.</summary>
    public bool IsLeaving => _isLeaving;

    /// <summary>
    /// The host is about to stop: the leadership goes over first, while calls are still taken. Calls that come afterwards are forwarded to
    /// the successor.
    /// </summary>
    public void OnHandOverWanted(HandOverWanted wanted)
    {
        _handOvers.Add(wanted.Done);
        HandOver();
        CompleteHandOver();
    }

    /// <summary>The node stays a member. It takes no new calls, hands the leadership over, and finishes the calls it took.</summary>
    public void OnStopWanted(StopWanted stop)
    {
        if (_stopped is not null)
            return;
        context.IsStopping = true;
        _stopped = stop.Done;
        HandOver();
        Sweep();
    }

    private void HandOver()
    {
        _isLeaving = true;
        _stopBy = context.Now.Ticks + context.Options.HandOverTimeout.Ticks;
        _isCutOff = false;
        // Writes that came before, even in this turn, go to the core first: a core that hands over takes none.
        proposals.SendNew();
        _handsOver |= context.Leads && context.Core!.Configuration.VoterCount > 1;
        if (_handsOver && context.Leads)
            context.Step(new TransferRequested(context.Now, _handOverId = context.NextRequestId(), To: null));
        status.PublishNow();
    }

    /// <summary>Returns <c>false</c> if the request that is completed was not for the hand-over.</summary>
    public bool TryComplete(RequestCompleted completed)
    {
        if (completed.Id != _handOverId)
            return false;
        // No quorum answered the leader since it was asked to hand over: there is no successor to wait for, and calls under way cannot
        // finish.
        if (completed.Error is RaftKvMembershipError.NotEligible && !completed.Retry)
        {
            _isCutOff = true;
            Sweep();
        }
        return true;
    }

    /// <summary>
    /// Whether the hand-over is done, or none is needed. That this node has stepped down is not enough: its successor may need its vote.
    /// </summary>
    private bool HasHandedOver => !_handsOver || (!context.Leads && context.KnowsLeader);

    /// <summary>
    /// Whether there is nothing to wait for. Four election timeouts without a leader are enough: a quorum would have elected one.
    /// </summary>
    private bool IsCutOff => _isCutOff || context.Core is null
        || (!context.KnowsLeader && context.Now.Ticks - status.Parts.WithoutLeaderSince > 4 * context.Options.ElectionTimeout.Ticks);

    private void CompleteHandOver()
    {
        if (HasHandedOver || IsCutOff || context.Now.Ticks >= _stopBy)
            EndHandOvers();
    }

    /// <summary>Completes all callers that wait for the hand-over.</summary>
    private void EndHandOvers()
    {
        foreach (var done in _handOvers)
            done.TrySetResult();
        _handOvers.Clear();
    }

    public void Sweep()
    {
        CompleteHandOver();
        if (_stopped is null || context.IsClosed)
            return;
        var finished = proposals.IsIdle && !reads.AreUnderWay;
        if ((HasHandedOver && finished) || IsCutOff || context.Now.Ticks >= _stopBy)
            Close(RaftKvRole.Stopped, "This node has stopped.");
    }

    /// <summary>
    /// A node that was removed from its cluster keeps its data, and ends at once every call that needs the cluster. Calls that wait when
    /// the removal becomes known end once all that is committed is applied here: until then, the outcome of a write may still become known.
    /// No later entry reaches this node.
    /// </summary>
    public void EndCallsIfRemoved()
    {
        if (!context.IsRemoved || context.Applier.AppliedIndex < context.Core!.CommitIndex)
            return;
        reads.FailAll(Errors.Removed(context.NodeId));
        proposals.FailAll(() => Errors.Removed(context.NodeId), () => Errors.RemovedMidway(context.NodeId));
    }

    /// <summary>The last thing the replica does: every call is refused from now on.</summary>
    public void Close()
    {
        if (context.IsClosed)
            status.PublishStopped();
        else
            Close(RaftKvRole.Stopped, "This node has stopped.");
    }

    /// <summary>An error of the disk or a broken invariant: stop taking part, keep the data, leave the host alone.</summary>
    public void Fault(Exception error)
    {
        if (context.IsClosed)
            return;
        refusals.FaultCause = error;
        Close(RaftKvRole.Faulted, error.Message);
        Faulted?.Invoke();
        context.Log.Faulted(error, context.NodeId, error.Message);
    }

    /// <summary>From here on every call is refused at once.</summary>
    private void Close(RaftKvRole role, string why)
    {
        context.IsClosed = true;
        status.EndLease();
        proposals.FailAll(() => refusals.Of(role, why), () => Errors.Ended(why, refusals.FaultCause));
        reads.FailAll(refusals.Of(role, why));
        context.Applier.Changes.Watches.End(() => refusals.Of(role, why), forGood: true);
        requests.FailAll(AdminResult.NoAnswer);
        snapshots.FailAll(() => refusals.Of(role, why));
        status.PublishClosed(role, why);
        EndHandOvers();
        _stopped?.TrySetResult();
    }

    /// <summary>Holder of the turn, or any thread once there are no more turns.</summary>
    public void Refuse(ReplicaInput input)
    {
        var parts = status.Parts;
        var refusal = refusals.Of(parts.Role, parts.Fault ?? "");
        switch (input)
        {
            case WriteOperation write: write.TryFail(refusal); break;
            case ReadBatch batch: reads.Refuse(batch, refusal); break;
            case AdminCall call: call.Complete(AdminResult.AskLeader); break;
            case SnapshotWanted wanted: wanted.Done.TrySetException(refusal); break;
            case HandOverWanted wanted: wanted.Done.TrySetResult(); break;
            case StopWanted stop: stop.Done.TrySetResult(); break;
        }
    }
}
