namespace RaftKv.Embedded.Node;

/// <summary>
/// Whether this node's copy is in doubt. A quarantined node stays a member and serves no call until its state is replaced. The holder of
/// the turn writes, any thread reads.
/// </summary>
internal sealed class QuarantineState
{
    private const string NoRoom = " The disk of this node has no room for that snapshot. Free some space: the node tries again by itself.";

    private volatile string? _reason;

    /// <summary>Why the node serves no call; <c>null</c> when it serves.</summary>
    public string? Reason => _reason;

    public bool IsActive => _reason is not null;

    public void Begin(string reason) => _reason = reason;

    public void End() => _reason = null;

    /// <summary>
    /// The disk has no room for the new state. <c>false</c> when that was reported before, or the node is not quarantined.
    /// </summary>
    public bool TryReportNoRoom()
    {
        if (_reason is not { } reason || reason.EndsWith(NoRoom, StringComparison.Ordinal))
            return false;
        _reason = reason + NoRoom;
        return true;
    }
}
