using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Replica;

/// <summary>An answer to a peer that was found on another thread.</summary>
internal sealed class ReplyWanted(string to, AdminReply reply) : ReplicaInput
{
    public string To => to;
    public AdminReply Reply => reply;
}
