using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Run an action between two entries. When the applier stops or fails, its tasks are refused, also a task that may have run already.
/// </summary>
internal sealed class BetweenEntries(Action<KvStateMachine> run, Action refused) : ApplierTask
{
    private volatile bool _isAbandoned;

    public Action<KvStateMachine> Run => run;
    public Action Refused => refused;

    /// <summary>Any thread. Whether the caller has stopped waiting: the task need not run any more.</summary>
    public bool IsAbandoned { get => _isAbandoned; set => _isAbandoned = value; }
}
