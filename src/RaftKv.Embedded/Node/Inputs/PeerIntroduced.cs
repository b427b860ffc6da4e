using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>A node introduced itself.</summary>
internal sealed class PeerIntroduced(Member node) : ReplicaInput
{
    public Member Node => node;
}
