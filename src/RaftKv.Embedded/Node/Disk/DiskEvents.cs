using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

/// <summary>Routes what the threads of the disk report. Holder of the turn.</summary>
internal sealed class DiskEvents(
    ReplicaContext context, MessageSender sender, SnapshotCoordinator snapshots, DiskMonitor disk, StateTransfer transfer,
    PendingProposals proposals)
{
    public void OnLogWritten(LogWritten written) => sender.OnLogWritten(written);

    /// <summary>Returns <c>false</c> if the input does not come from a thread of the disk.</summary>
    public bool TryHandle(ReplicaInput input)
    {
        switch (input)
        {
            case CoreAnswer answer: OnAnswer(answer.At(context.Now)); return true;
            case SnapshotWanted wanted: snapshots.Request(wanted); return true;
            case SnapshotFinished finished: OnSnapshotFinished(finished); return true;
            case SnapshotChecked result: snapshots.OnChecked(result); return true;
            case DiskMeasured measured: disk.OnMeasured(measured); return true;
            case StatePieceStored stored: transfer.OnStored(stored); return true;
            case StateLoaded loaded: transfer.OnLoaded(loaded); return true;
            default: return false;
        }
    }

    private void OnAnswer(RaftEvent answer)
    {
        if (answer is SnapshotInstalled { Ok: true })
        {
            proposals.MarkUncertain();
            // The state is the leader's now, whatever it was before.
            transfer.LeaveQuarantine(context.Applier.AppliedIndex);
        }
        context.Step(answer);
    }

    private void OnSnapshotFinished(SnapshotFinished finished)
    {
        disk.OnSnapshotFinished(finished.Error is null);
        snapshots.OnFinished(finished);
    }
}
