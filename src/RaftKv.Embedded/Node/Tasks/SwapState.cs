using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>Go on with another state machine, restored from a snapshot.</summary>
internal sealed class SwapState(KvStateMachine restored, Action swapped) : ApplierTask
{
    public KvStateMachine Restored => restored;
    public Action Swapped => swapped;
}
