using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Compares the copies of the members. Every node notes the fingerprints of its copy at its newest entries and at every 64th; the leader
/// asks for one of them now and then: for a 64th while many are written, otherwise for the last one, whatever its index. A member that
/// differs from the majority is quarantined: it stays a member, but it serves nothing until its state is replaced by a snapshot of the
/// leader (<see cref="StateTransfer"/>). A leader that differs hands over first.
/// </summary>
internal sealed class CopyVerifier(
    ReplicaContext context, QuarantineState quarantine, StatusPublisher status, PendingProposals proposals, PendingReads reads,
    StateTransfer transfer)
{
    private CopyComparison? _round;
    private (string From, long Index)? _probed;
    private long _nextRound;
    private long _verifiedIndex;

    /// <summary>Any thread. The newest entry at which all copies were found equal; 0 if there is none.</summary>
    public long VerifiedIndex => Volatile.Read(ref _verifiedIndex);

    private bool ComparesCopies => context.Options.IntegrityCheckInterval > TimeSpan.Zero;

    public void Sweep()
    {
        if (context.Core is null || !ComparesCopies)
            return;
        AnswerProbe();
        if (quarantine.IsActive)
            transfer.Sweep();
        else if (context.Leads && context.Now.Ticks >= _nextRound)
            BeginRound();
    }

    private void BeginRound()
    {
        _nextRound = context.Now.Ticks + context.Options.IntegrityCheckInterval.Ticks;
        var samples = context.Applier.Samples;
        var last = _round?.Index ?? 0;
        var index = samples.NewestKept > last ? samples.NewestKept : samples.Last;
        if (index <= last)
        {
            // Nothing was written since. Questions, answers and verdicts may have been lost, so the members are asked again.
            if (_round is { IsVerified: false })
                Probe(_round);
            return;
        }
        if (!samples.TryGet(index, out var own))
            return;
        _round = new CopyComparison(index);
        Probe(_round);
        OnFingerprint(context.NodeId, new IntegrityAnswer(index, own));
    }

    private void Probe(CopyComparison round)
    {
        foreach (var member in context.Core!.Configuration.Members)
        {
            if (member.NodeId != context.NodeId)
                context.Transport.Send(member.NodeId, new IntegrityProbe(round.Index));
        }
    }

    public void OnProbe(string from, IntegrityProbe probe)
    {
        if (probe.SumVersion != RecordSum.Version)
            return;
        _probed = (from, probe.Index);
        AnswerProbe();
    }

    /// <summary>Answers as soon as this node has applied the entry; a newer question takes the place of an older one.</summary>
    private void AnswerProbe()
    {
        if (_probed is not { } probed || context.Applier.AppliedIndex < probed.Index)
            return;
        _probed = null;
        if (!quarantine.IsActive && context.Applier.Samples.TryGet(probed.Index, out var own))
            context.Transport.Send(probed.From, new IntegrityAnswer(probed.Index, own));
    }

    public void OnFingerprint(string from, IntegrityAnswer answer)
    {
        if (!context.Leads || _round is not { } round || answer.Index != round.Index || answer.SumVersion != RecordSum.Version)
            return;
        var wasUndecided = round.IsUndecided;
        foreach (var odd in round.Take(from, answer.Fingerprint, context.Core!.Configuration))
        {
            context.Log.CopyDiffers(context.NodeId, odd, round.Index);
            if (odd == context.NodeId)
            {
                EnterQuarantine(round.Index);
                continue;
            }
            // A verdict that is lost is repeated: the member is asked again, and answers as before.
            context.Transport.Send(odd, new IntegrityVerdict(round.Index));
            round.Forget(odd);
        }
        if (round.IsUndecided && !wasUndecided)
            context.Log.CopiesUndecided(context.NodeId, round.Index);
        if (round.IsVerified)
            Volatile.Write(ref _verifiedIndex, round.Index);
    }

    public void OnVerdict(string from, IntegrityVerdict verdict)
    {
        if (from == context.Core?.LeaderId)
            EnterQuarantine(verdict.Index);
    }

    /// <summary>From here on this node serves no call: its state machine has another result than the majority.</summary>
    private void EnterQuarantine(long index)
    {
        if (quarantine.IsActive)
            return;
        quarantine.Begin(
            $"This node's copy differs from that of the majority at version {index}. It is replaced by a snapshot of the leader.");
        context.Log.Quarantined(context.NodeId, index);
        status.EndLease();
        _round = null;
        reads.FailAll(Errors.Quarantined());
        proposals.FailAll(Errors.Quarantined, Errors.QuarantinedMidway);
        transfer.Begin();
        status.PublishNow();
    }
}
