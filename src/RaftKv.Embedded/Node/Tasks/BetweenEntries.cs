using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Do something while the state is that of one entry. When the applier ends, whatever it had to do is refused, also what it may have done
/// already.
/// </summary>
internal sealed class BetweenEntries(Action<KvStateMachine> run, Action refused) : ApplierTask
{
    public Action<KvStateMachine> Run => run;
    public Action Refused => refused;
}
