namespace RaftKv.Embedded.Consensus;

/// <summary>A replica's part in the consensus, as a pure function: events in, effects out.</summary>
internal sealed class RaftCore
{
    public RaftCore(RaftSettings settings, RaftStart start) => throw new NotImplementedException();
    public void Step(RaftEvent input, List<RaftEffect> effects) => throw new NotImplementedException();
}
