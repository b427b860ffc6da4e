using RaftKv.Embedded.Client;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Hosting;

/// <summary>The node on which leader services run.</summary>
/// <param name="Kv">The store of the node.</param>
/// <param name="Coordination">The locks of the node.</param>
/// <param name="Clock">The clocks of the node.</param>
/// <param name="NodeId">The name of the node.</param>
internal sealed record LeaderServiceNode(IDistributedKv Kv, IRaftKvCoordination Coordination, ReplicaClock Clock, string NodeId)
{
    /// <summary>
    /// Writes the key that says that this node runs a service since now. The key is bound to the lease of the leadership.
    /// </summary>
    public async Task AnnounceAsync(string name, KvLock leadership, CancellationToken cancellationToken)
    {
        var holder = await Coordination.GetHolderAsync(leadership.Name, cancellationToken).ConfigureAwait(false);
        if (holder?.FencingToken != leadership.FencingToken)
            return;
        var note = new KvTransaction().If(KvCompare.CreateVersion(leadership.Key, KvRelation.Equal, leadership.FencingToken));
        note.Then.SetReserved(
            LeaderServiceRegistration.StatusKeyOf(name), LockTicket.Encode(NodeId, Clock.Wall),
            new KvSetOptions { LeaseId = holder.LeaseId });
        await Kv.CommitAsync(note, cancellationToken).ConfigureAwait(false);
    }
}
