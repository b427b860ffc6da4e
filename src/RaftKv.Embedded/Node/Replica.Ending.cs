using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    private TaskCompletionSource? _handedOver;
    private TaskCompletionSource? _stopped;
    private long _stopBy;
    private long _handOverId;
    private bool _handsOver;
    private bool _isCutOff;
    private volatile bool _leaving;

    /// <summary>Raised once, by the holder of the turn, when the node stops taking part because of an error.</summary>
    public event Action? Faulted;

    /// <summary>The host is about to stop: the leadership goes over first, while calls are taken as ever. Those that come after it go to the successor.</summary>
    private void OnHandOverWanted(HandOverWanted wanted)
    {
        _handedOver = wanted.Done;
        HandOver();
        ConsiderHandedOver();
    }

    /// <summary>Stopping is not leaving: no new calls, hand the leadership over, let what was taken finish.</summary>
    private void OnStopWanted(StopWanted stop)
    {
        if (_stopped is not null)
            return;
        _context.IsStopping = true;
        _stopped = stop.Done;
        HandOver();
        ConsiderStopped();
    }

    private void HandOver()
    {
        _leaving = true;
        _stopBy = _context.Now.Ticks + _context.Options.HandOverTimeout.Ticks;
        _isCutOff = false;
        // What came before, in this very turn even, is under way.
        _proposals.SendNew();
        _handsOver |= _context.Leads && _context.Core!.Configuration.VoterCount > 1;
        if (_handsOver && _context.Leads)
            _context.Step(new TransferRequested(_context.Now, _handOverId = _context.NextRequestId(), To: null));
        _publisher.PublishNow();
    }

    /// <summary>No quorum answered the leader since it was asked to hand over: there is no successor to wait for, and calls under way cannot finish.</summary>
    private void OnHandOverRefused(RequestCompleted refused)
    {
        if (refused.Error is not RaftKvMembershipError.NotEligible || refused.Retry)
            return;
        _isCutOff = true;
        ConsiderStopped();
    }

    /// <summary>Not when this node steps down: its successor may need its vote.</summary>
    private bool HasHandedOver => !_handsOver || (!_context.Leads && _context.KnowsLeader);

    /// <summary>Four times as long as a follower waits before it stands for election: a quorum would have elected a leader.</summary>
    private bool IsCutOff => _isCutOff || _context.Core is null
        || (!_context.KnowsLeader && _context.Now.Ticks - _publisher.Parts.WithoutLeaderSince > 4 * _context.Options.ElectionTimeout.Ticks);

    private void ConsiderHandedOver()
    {
        if (HasHandedOver || IsCutOff || _context.Now.Ticks >= _stopBy)
            _handedOver?.TrySetResult();
    }

    private void ConsiderStopped()
    {
        ConsiderHandedOver();
        if (_stopped is null || _context.IsClosed)
            return;
        var finished = _proposals.IsIdle && !_reads.AreUnderWay;
        if ((HasHandedOver && finished) || IsCutOff || _context.Now.Ticks >= _stopBy)
            Close(RaftKvRole.Stopped, "This node has stopped.");
    }

    /// <summary>An error of the disk or a broken invariant: stop taking part, keep the data, leave the host alone.</summary>
    private void Fault(Exception error)
    {
        if (_context.IsClosed)
            return;
        _refusals.FaultCause = error;
        Close(RaftKvRole.Faulted, error.Message);
        Faulted?.Invoke();
        _context.Log.Faulted(error, _context.NodeId, error.Message);
    }

    /// <summary>From here on every call is refused at once.</summary>
    private void Close(RaftKvRole role, string why)
    {
        _context.IsClosed = true;
        _publisher.EndLease();
        _proposals.FailAll(() => _refusals.Of(role, why), () => Errors.Ended(why, _refusals.FaultCause));
        _reads.FailAll(_refusals.Of(role, why));
        _context.Applier.Changes.Watches.End(() => _refusals.Of(role, why), forGood: true);
        _requests.FailAll(AdminResult.NoAnswer);
        _snapshots.FailAll(() => _refusals.Of(role, why));
        _publisher.PublishClosed(role, why);
        _handedOver?.TrySetResult();
        _stopped?.TrySetResult();
    }

    /// <summary>Holder of the turn, or any thread once there are no more turns.</summary>
    public void Refuse(ReplicaInput input)
    {
        var status = _publisher.Parts;
        var refusal = _refusals.Of(status.Role, status.Fault ?? "");
        switch (input)
        {
            case WriteOperation write: write.TryFail(refusal); break;
            case ReadBatch batch: _reads.Refuse(batch, refusal); break;
            case AdminCall call: call.Complete(AdminResult.AskLeader); break;
            case SnapshotWanted wanted: wanted.Done.TrySetException(refusal); break;
            case HandOverWanted wanted: wanted.Done.TrySetResult(); break;
            case StopWanted stop: stop.Done.TrySetResult(); break;
        }
    }
}
