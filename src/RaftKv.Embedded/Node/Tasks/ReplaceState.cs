using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Go on with another state machine that may be behind: what is missing is applied from the log first, and no caller is told of it again.
/// </summary>
internal sealed class ReplaceState(KvStateMachine restored, Action replaced) : ApplierTask
{
    public KvStateMachine Restored => restored;
    public Action Replaced => replaced;
}
