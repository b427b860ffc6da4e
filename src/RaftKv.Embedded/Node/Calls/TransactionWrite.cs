using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>A transaction of a caller of this node: its answer has more than that of a single write.</summary>
internal sealed class TransactionWrite(byte[] command, long deadline, Action<int> release) : WriteOperation(command, deadline, release)
{
    /// <summary>Set before the operation completes, if the state machine answered.</summary>
    public ApplyResult Result { get; private set; }

    public override void Answer(in ApplyResult result)
    {
        if (!IsCompleted)
            Result = result;
        base.Answer(result);
    }
}
