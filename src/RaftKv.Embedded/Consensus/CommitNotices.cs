using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// When the peers are told of the commit index: with the next message, or after a short wait. A node that forwarded a proposal is told at
/// once, because its caller waits.
/// </summary>
internal sealed class CommitNotices(ReplicaState replica, PeerSet peers, Replication replication)
{
    private readonly Queue<(long Index, string From)> _origins = new();

    /// <summary>When the peers are told, in ticks.</summary>
    public long Due { get; private set; } = Moment.Never;

    /// <summary>The node <paramref name="from"/> has forwarded the proposals up to this index.</summary>
    public void Expect(long index, string from) => _origins.Enqueue((index, from));

    public void OnCommit()
    {
        while (_origins.TryPeek(out var origin) && origin.Index <= replica.CommitIndex)
        {
            _origins.Dequeue();
            if (peers.Find(origin.From) is { } peer)
                replication.SendCommit(peer);
        }
        if (Due == Moment.Never && peers.Count > 0)
            Due = replica.Now + replica.Settings.CommitNotifyDelay;
    }

    public void OnTime()
    {
        if (replica.Now < Due)
            return;
        Due = Moment.Never;
        foreach (var peer in peers)
            replication.SendCommit(peer);
    }
}
