namespace RaftKv.Embedded.Node;

/// <summary>
/// Numbers the routes by which writes reach the leader. A route ends with the leader, its term or the connection, and writes that were
/// given to it may be lost then. While it lasts nothing is lost: a write that was given to it is not given again, unless it was refused.
/// </summary>
internal sealed class LeaderRoute
{
    private (long Term, string? Leader) _to;

    /// <summary>The number of the present route; 0 is none.</summary>
    public long Number { get; private set; } = 1;

    /// <summary>The node that leads; null before the first one was known.</summary>
    public string? Leader => _to.Leader;

    /// <summary>A leader is known. The same leader in the same term, heard again after a silence, is no new route.</summary>
    public void Follow(long term, string leader)
    {
        if (_to == (term, leader))
            return;
        _to = (term, leader);
        Number++;
    }

    /// <summary>
    /// The connection was made anew, or a snapshot has passed over entries: the outcome of writes given before is not known.
    /// </summary>
    public void Renew() => Number++;
}
