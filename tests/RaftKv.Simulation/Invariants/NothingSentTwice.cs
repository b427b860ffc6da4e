namespace RaftKv.Simulation.Invariants;

/// <summary>
/// While a connection lives, nothing is sent on it twice without evidence of a loss, so that a slow link is enough. What a follower
/// refuses, at the beginning of a term or because it has no room, is sent again; this is allowed for a part of all bytes.
/// </summary>
internal sealed class NothingSentTwice(Simulation run) : Invariant
{
    public override void AfterStep(SimNode node)
    {
        // In other storms messages are lost, repeated and overtaken without the end of a connection, and the core must send again.
        if (run.Swarm.Profile != Profile.SlowLinks || !node.IsUp)
            return;
        foreach (var link in node.Transport.Links)
        {
            var allowed = (link.Sent.Bytes / 4) + (4L * Math.Max(run.Swarm.ChunkBytes, run.Swarm.LogCacheBytes));
            if (!link.Sent.IsExcused && link.Sent.RepeatedBytes > allowed)
            {
                throw new BrokenInvariantException("Nothing sent twice",
                    $"{node.Id} has sent {link.Sent.RepeatedBytes} of {link.Sent.Bytes} bytes to {link.Peer.NodeId} again, over {allowed}");
            }
        }
    }
}
