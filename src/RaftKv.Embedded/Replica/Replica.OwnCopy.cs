using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Replica;

/// <summary>
/// Reads without a quorum. Stale reads, and reads that may be stale without a leader, are served from this node's copy once no leader has been known for <see cref="LeaderPatience"/>. An election is
/// shorter than that, so a read during one still waits and sees what was acknowledged before.
/// </summary>
internal sealed partial class Replica
{
    private static readonly TimeSpan LeastLeaderPatience = TimeSpan.FromSeconds(2);
    private static readonly long MarkInterval = TimeSpan.FromMilliseconds(200).Ticks;

    private long _marked;
    private long _nextMark;

    /// <summary>Any thread. Whether no leader has been known for longer than an election takes.</summary>
    public bool IsLeaderless => WithoutLeader is { } time && time >= LeaderPatience;

    /// <summary>Any thread. Whether reads that may be stale are served from this node's copy now, although no leader is known.</summary>
    public bool ServesWithoutLeader => IsLeaderless && IsCopyServable;

    /// <summary>
    /// Whether the copy contains everything that this node has served, by this process or the one before. A copy that is still being received, or is in doubt, does not.
    /// </summary>
    private bool IsCopyServable => _quarantine is null
        && (!Volatile.Read(ref _mustCatchUp) || (_parts.ServedBefore.Index > 0 && _parts.Applier.AppliedIndex >= _parts.ServedBefore.Index));

    /// <summary>Eight election timeouts, and 2 s at least; at most half of what a call may wait.</summary>
    private TimeSpan LeaderPatience
    {
        get
        {
            var elections = _options.ElectionTimeout * 8;
            var patience = elections > LeastLeaderPatience ? elections : LeastLeaderPatience;
            return patience < _options.RequestTimeout / 2 ? patience : _options.RequestTimeout / 2;
        }
    }

    /// <summary>Writes down what this node serves, so that it serves the same after a restart without a quorum.</summary>
    private void SweepMark()
    {
        if (_parts.Mark is not { IsBusy: false } mark || _now.Ticks < _nextMark || ServedEntry() is not { } served)
            return;
        _nextMark = _now.Ticks + MarkInterval;
        _marked = served.Index;
        mark.Begin();
        var clusterId = _parts.Identity.ClusterId;
        _parts.Reader.Post(() => mark.Write(clusterId, served));
    }

    /// <summary>After the last turn, when no thread of the node runs any more.</summary>
    public void MarkServed()
    {
        if (_parts.Mark is { } mark && ServedEntry() is { } served)
            mark.Write(_parts.Identity.ClusterId, served);
    }

    /// <summary><c>null</c> when it is marked already, or when this node has served nothing.</summary>
    private EntryId? ServedEntry()
    {
        if (_core is null || Volatile.Read(ref _mustCatchUp) || _quarantine is not null || _statusParts.Role == RaftKvRole.Faulted)
            return null;
        var applied = Math.Min(_parts.Applier.AppliedIndex, _core.CommitIndex);
        return applied > _marked && _core.TermAt(applied) is >= 0 and var term ? new EntryId(term, applied) : null;
    }
}
