using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

internal sealed partial class KvStateMachine
{
    private TransactionPlan? _plan;

    /// <summary>All or nothing, under one version: planned first, and only a plan that stands is carried out.</summary>
    private ApplyResult ApplyTransaction(in LogEntry entry, in KvCommand command)
    {
        if (!TransactionCommand.TryRead(entry.Payload[KvCommand.HeaderBytes..], out var transaction))
            return new ApplyResult(ApplyStatus.Malformed, command.Session, command.Sequence);
        if (_sessions.Admit(command, LogTimeMs, out var session) is { } answered)
            return answered;
        var plan = _plan ??= new TransactionPlan(Store, _lookahead, CheckLease);
        var status = plan.Make(transaction!, entry.Index, LogTimeMs, out var at);
        if (status is not (ApplyStatus.Applied or ApplyStatus.ConditionFailed))
        {
            session!.Remember(command.Sequence, status, at);
            return new ApplyResult(status, command.Session, command.Sequence, at);
        }
        foreach (var write in plan.Writes)
        {
            if (write.Erases)
                Erase(write.Key.Span, write.Before, KvChangeKind.Delete, entry.Index);
            else
                Put(write.Key.Span, write.Before, write.After, write.Value.Span);
        }
        var result = plan.Result;
        plan.Clear();
        session!.Remember(command.Sequence, status, entry.Index);
        session.RememberPayload(command.Sequence, result);
        return new ApplyResult(status, command.Session, command.Sequence, entry.Index, Payload: result);
    }
}
