using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Go on with another state machine that may be behind: the missing entries are applied from the log first, and no caller is told of them
/// again.
/// </summary>
internal sealed class ReplaceState(KvStateMachine restored, Action replaced) : ApplierTask
{
    public KvStateMachine Restored => restored;
    public Action Replaced => replaced;
}
