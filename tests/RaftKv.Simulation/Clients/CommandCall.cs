using RaftKv.Embedded;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation.Clients;

/// <summary>Any command of a caller: transactions, lifetimes, leases. Its answer must equal the outcome in the log.</summary>
internal sealed class CommandCall : Call
{
    private readonly TransactionWrite _write;
    private readonly ValueTask<KvWriteResult> _result;
    private readonly string _what;
    private readonly Action<ApplyResult?> _answered;

    public CommandCall(Simulation run, SimNode node, byte[] command, string what, Action<ApplyResult?> answered) : base(run, node, succeeded => { if (!succeeded) answered(null); })
    {
        (_what, _answered) = (what, answered);
        _write = new TransactionWrite(command, node.Clock.Ticks + node.RequestTimeout.Ticks, static _ => { });
        _result = _write.Start(CancellationToken.None);
        run.Transcript.Add(node.Id, $"caller: {what}");
        node.Replica.Post(_write);
        node.Calls.Add(this);
        node.Schedule();
    }

    public override string ToString() => $"'{_what}' (sequence {_write.Sequence}, attempts {_write.Attempts})";

    protected override bool? TryEnd()
    {
        if (!_result.IsCompleted)
            return null;
        try
        {
            var result = _result.GetAwaiter().GetResult();
            AcknowledgedWrites.Check(Run.History, Node.Applier.Session, _write.Sequence, result, Floor, _what);
            var outcome = Run.History.OutcomeOf(Node.Applier.Session, _write.Sequence)!.Value;
            ExactlyOnce.Check(_write.Result == outcome.Result, $"'{_what}' was answered {_write.Result}, and its outcome was {outcome.Result}");
            Run.History.Raise(outcome.Index);
            Run.Acknowledged++;
            Run.Transcript.Add(Node.Id, $"acknowledged {result}: {_what}");
            _answered(_write.Result);
            return true;
        }
        catch (Exception e) when (e is RaftKvOutcomeUnknownException or RaftKvUnavailableException or RaftKvLeaseException)
        {
            Run.Transcript.Add(Node.Id, $"{e.GetType().Name}: {_what}");
            return false;
        }
    }
}
