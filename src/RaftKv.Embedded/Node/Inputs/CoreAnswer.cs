using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>The answer of another thread to an effect of the core; stamped with the time of the turn that takes it.</summary>
internal sealed class CoreAnswer(Func<Moment, RaftEvent> stamp) : ReplicaInput
{
    public RaftEvent At(Moment now) => stamp(now);
}
