using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Run an action between two entries. When the applier stops or fails, its tasks are refused, also a task that may have run already.
/// </summary>
internal sealed class BetweenEntries(Action<KvStateMachine> run, Action refused) : ApplierTask
{
    public Action<KvStateMachine> Run => run;
    public Action Refused => refused;
}
