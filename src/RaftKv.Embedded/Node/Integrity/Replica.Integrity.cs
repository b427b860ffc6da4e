using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Comparing copies. Every node notes the fingerprints of its copy at its newest entries and at every 64th; the leader asks for one of them now and then: for a 64th while many are written, otherwise for
/// the last one, whatever its index. A member that differs from the majority is quarantined: it goes on as a member, but it serves nothing until its state is replaced by a snapshot of the
/// leader's (see <c>Replica.Reseed.cs</c>). A leader that is the odd one first hands over.
/// </summary>
internal sealed partial class Replica
{
    private IntegrityRound? _round;
    private (string From, long Index)? _probed;
    private long _nextRound;
    private long _verifiedIndex;

    /// <summary>Any thread. Why this node serves nothing until it has a new state; <c>null</c> when it serves.</summary>
    public string? Quarantine => _quarantine.Reason;

    private bool ComparesCopies => _context.Options.IntegrityCheckInterval > TimeSpan.Zero;

    private void SweepIntegrity()
    {
        if (_context.Core is null || !ComparesCopies)
            return;
        AnswerProbe();
        if (_quarantine.IsActive)
            Reseed();
        else if (_context.Leads && _context.Now.Ticks >= _nextRound)
            BeginRound();
    }

    private void BeginRound()
    {
        _nextRound = _context.Now.Ticks + _context.Options.IntegrityCheckInterval.Ticks;
        var samples = _context.Applier.Samples;
        var last = _round?.Index ?? 0;
        var index = samples.NewestKept > last ? samples.NewestKept : samples.Last;
        if (index <= last)
        {
            // Nothing was written since. Questions, answers and verdicts may have been lost.
            if (_round is { IsVerified: false })
                Probe(_round);
            return;
        }
        if (!samples.TryGet(index, out var own))
            return;
        _round = new IntegrityRound(index);
        Probe(_round);
        OnFingerprint(_context.NodeId, new IntegrityAnswer(index, own));
    }

    private void Probe(IntegrityRound round)
    {
        foreach (var member in _context.Core!.Configuration.Members)
        {
            if (member.NodeId != _context.NodeId)
                _context.Transport.Send(member.NodeId, new IntegrityProbe(round.Index));
        }
    }

    private void OnProbe(string from, IntegrityProbe probe)
    {
        if (probe.SumVersion != RecordSum.Version)
            return;
        _probed = (from, probe.Index);
        AnswerProbe();
    }

    /// <summary>As soon as this node is that far; a newer question takes the place of an older one.</summary>
    private void AnswerProbe()
    {
        if (_probed is not { } probed || _context.Applier.AppliedIndex < probed.Index)
            return;
        _probed = null;
        if (!_quarantine.IsActive && _context.Applier.Samples.TryGet(probed.Index, out var own))
            _context.Transport.Send(probed.From, new IntegrityAnswer(probed.Index, own));
    }

    private void OnFingerprint(string from, IntegrityAnswer answer)
    {
        if (!_context.Leads || _round is not { } round || answer.Index != round.Index || answer.SumVersion != RecordSum.Version)
            return;
        var wasUndecided = round.IsUndecided;
        foreach (var odd in round.Take(from, answer.Fingerprint, _context.Core!.Configuration))
        {
            _context.Log.CopyDiffers(_context.NodeId, odd, round.Index);
            if (odd == _context.NodeId)
                EnterQuarantine(round.Index);
            else
                _context.Transport.Send(odd, new IntegrityVerdict(round.Index));
        }
        if (round.IsUndecided && !wasUndecided)
            _context.Log.CopiesUndecided(_context.NodeId, round.Index);
        if (round.IsVerified)
            Volatile.Write(ref _verifiedIndex, round.Index);
    }

    private void OnVerdict(string from, IntegrityVerdict verdict)
    {
        if (from == _context.Core?.LeaderId)
            EnterQuarantine(verdict.Index);
    }

    /// <summary>From here on this node answers nobody's calls: its state machine has come to another result than those of the others.</summary>
    private void EnterQuarantine(long index)
    {
        if (_quarantine.IsActive)
            return;
        _quarantine.Reason = $"This node's copy differs from that of the majority at version {index}. It is replaced by a snapshot of the leader's.";
        _context.Log.Quarantined(_context.NodeId, index);
        _publisher.EndLease();
        _round = null;
        FailReads(Errors.Quarantined());
        while (_unsequenced.TryDequeue(out var write))
            write.TryFail(Errors.Quarantined());
        _scratch.Clear();
        _context.Dependencies.Pending.CopyTo(_scratch);
        foreach (var write in _scratch)
            write.TryFail(write.Attempts == 0 ? Errors.Quarantined() : Errors.QuarantinedMidway());
        _scratch.Clear();
        _seedFrom = _context.Applier.AppliedIndex;
        _publisher.PublishNow();
    }
}
