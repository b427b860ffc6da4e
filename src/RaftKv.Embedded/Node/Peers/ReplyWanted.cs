using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>An answer to a peer that was found on another thread.</summary>
internal sealed class ReplyWanted(string to, PeerMessage reply) : ReplicaInput
{
    public string To => to;
    public PeerMessage Reply => reply;
}
