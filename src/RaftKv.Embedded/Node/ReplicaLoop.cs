using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

/// <summary>
/// One turn of a replica: takes all inputs that wait, routes each to the collaborator that it concerns, steps the core with what follows,
/// and sends once per peer. The only caller of the core, through <see cref="ReplicaContext.Step"/>. <see cref="TurnScheduler"/> decides
/// when a turn is taken, and on which thread.
/// </summary>
internal sealed class ReplicaLoop(
    ReplicaContext context, TurnScheduler turns, CoreLifecycle lifecycle, PendingProposals proposals, PendingReads reads,
    PeerEvents peerEvents, DiskEvents diskEvents, MembershipRequests requests, ClusterExit exit, ExpiryScheduler expiry, Shutdown shutdown,
    StatusPublisher status, SweepSchedule sweeps)
{
    /// <summary>Holder of the turn. When the next turn is due even if nothing is posted, in monotonic ticks.</summary>
    public long Deadline => context.Core is null ? sweeps.Next : Math.Min(context.Core.Deadline, sweeps.Next);

    /// <summary>No call is pending, and the newest batch had one caller.</summary>
    public bool IsIdle => context.Core is not null && context.LastBatch <= 1 && proposals.IsIdle && reads.IsIdle;

    /// <summary>The inputs of the turn have been taken.</summary>
    public void BeginTurn() => lifecycle.ReadClock();

    public void Turn(List<ReplicaInput> taken)
    {
        try
        {
            foreach (var input in taken)
                Handle(input);
            Drive();
        }
        catch (Exception e)
        {
            shutdown.Fault(e);
            // Inputs that the turn did not reach are answered as well; a call that has an answer keeps it.
            foreach (var input in taken)
                Refuse(input);
        }
        finally
        {
            taken.Clear();
        }
        status.PublishIfDue();
    }

    /// <summary>Operations that are completed may be used again.</summary>
    public void EndTurn() => context.Ports.Pending.ReleaseCompleted();

    /// <summary>Every call is refused from now on.</summary>
    public void Close() => shutdown.Close();

    /// <summary>Holder of the turn, or any thread once there are no more turns.</summary>
    public void Refuse(ReplicaInput input) => shutdown.Refuse(input);

    private void Handle(ReplicaInput input)
    {
        if (input is PeerInput received)
            turns.Release(received);
        if (context.IsClosed)
        {
            Refuse(input);
            return;
        }
        switch (input)
        {
            case WriteOperation write: proposals.Take(write); break;
            case PeerInput message: peerEvents.OnMessage(message); break;
            case LogWritten written: diskEvents.OnLogWritten(written); break;
            case ReadBatch batch: reads.Take(batch); break;
            case SessionOpened opened: proposals.OnSessionOpened(opened); break;
            case SessionLost lost: proposals.OnSessionLost(lost); break;
            case AdminCall call: requests.Take(call); break;
            case ClusterAbandoned abandoned: exit.OnAbandoned(abandoned); break;
            case Bootstrapped formed: lifecycle.Start(formed.Start); break;
            case ReplyWanted reply: context.Transport.Send(reply.To, reply.Reply); break;
            case LeaseReadsWanted: context.Step(new LeaseWanted(context.Now)); break;
            case DueCollected collected: expiry.OnDueCollected(collected); break;
            case ExpiryApplied: expiry.OnApplied(); break;
            case HandOverWanted wanted: shutdown.OnHandOverWanted(wanted); break;
            case StopWanted stop: shutdown.OnStopWanted(stop); break;
            case FaultHappened fault: shutdown.Fault(fault.Error); break;
            default:
                if (!peerEvents.TryHandle(input) && !diskEvents.TryHandle(input))
                    throw new System.Diagnostics.UnreachableException();
                break;
        }
    }

    /// <summary>What follows from the inputs of a turn, once for all of them.</summary>
    private void Drive()
    {
        if (context.IsClosed)
            return;
        proposals.SendNew();
        reads.Ask();
        lifecycle.Drive();
        expiry.Drive();
        sweeps.RunIfDue();
        context.Transport.Flush();
    }
}
