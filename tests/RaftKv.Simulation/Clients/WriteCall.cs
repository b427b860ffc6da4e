using System.Text;
using RaftKv.Embedded;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;
using RaftKv.Integration.Linearizability;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation.Clients;

/// <summary>A write, as <c>DistributedKv</c> makes it.</summary>
internal sealed class WriteCall : Call
{
    private readonly string _key;
    private readonly long _operation;

    /// <summary>The operation whose value it replaces; 0 is none, <c>null</c> is any.</summary>
    private readonly long? _replaced;
    private readonly WriteOperation _write;
    private readonly ValueTask<KvWriteResult> _result;
    private readonly string _what;
    private bool _hasEnded;

    private WriteCall(Simulation run, SimNode node, byte[] command, string key, long operation, long? replaced, string what, Action<bool> ended) : base(run, node, ended)
    {
        (_key, _operation, _replaced, _what) = (key, operation, replaced, what);
        _write = node.Writes.Take(command.Length, node.Clock.Ticks + node.RequestTimeout.Ticks);
        command.CopyTo(_write.Command);
        _result = _write.Start(CancellationToken.None);
        run.Transcript.Add(node.Id, $"caller: {what}");
        node.Replica.Post(_write);
        node.Calls.Add(this);
        node.Schedule();
    }

    public static WriteCall Set(Simulation run, SimNode node, string key, long operation, Action<bool> ended) =>
        Set(run, node, key, operation, 0, default, null, ended);

    /// <summary>
    /// Sets the key if it has still the version that was found, by the operation that was found; zeros: if it is not there.
    /// </summary>
    public static WriteCall Replace(Simulation run, SimNode node, string key, long operation, long count, (long Version, long Operation) found, Action<bool> ended) =>
        Set(run, node, key, operation, count, found.Version == 0 ? KvCondition.NotExists : KvCondition.VersionIs(new KvVersion(found.Version)), found.Operation, ended);

    public static WriteCall Delete(Simulation run, SimNode node, string key, KvCondition condition, Action<bool> ended)
    {
        var name = Encoding.UTF8.GetBytes(key);
        var command = new byte[KvCommand.DeleteBytes(name.Length)];
        KvCommand.WriteDelete(command, condition, name);
        return new WriteCall(run, node, command, key, 0, null, $"delete {key} if {condition}", ended);
    }

    private static WriteCall Set(Simulation run, SimNode node, string key, long operation, long count, KvCondition condition, long? replaced, Action<bool> ended)
    {
        var (name, value) = (Encoding.UTF8.GetBytes(key), WrittenValue.Write(operation, count, run.Swarm.ValueBytes));
        if (run.Swarm.Poison && node.IsUp)
            WrittenValue.Poison(value, node.Wal.LastCommit);
        var command = new byte[KvCommand.SetBytes(name.Length, value.Length)];
        KvCommand.WriteSet(command, condition, name, value);
        return new WriteCall(run, node, command, key, operation, replaced, $"set {key} by operation {operation} if {condition}", ended);
    }

    /// <summary>The caller stops waiting.</summary>
    public void Cancel()
    {
        if (!_hasEnded)
            _write.TryFail(new OperationCanceledException());
    }

    public override string ToString() => $"write '{_what}' (sequence {_write.Sequence}, attempts {_write.Attempts})";

    protected override bool? TryEnd()
    {
        if (!_result.IsCompleted)
            return null;
        try
        {
            // Once its outcome is taken, the pooled operation may serve another caller.
            _hasEnded = true;
            var sequence = _write.Sequence;
            Acknowledged(_result.GetAwaiter().GetResult(), sequence);
            return true;
        }
        catch (Exception e) when (e is RaftKvOutcomeUnknownException or OperationCanceledException)
        {
            Run.Transcript.Add(Node.Id, $"unknown: {_what}");
            NoteUnknown();
        }
        catch (RaftKvUnavailableException e)
        {
            Run.Transcript.Add(Node.Id, $"did not happen ({e.Reason}): {_what}");
            if (_operation != 0)
                Run.History.CertainlyNot(_operation);
        }
        return false;
    }

    /// <summary>The caller died with its process, so the outcome stays unknown.</summary>
    protected override void Died() => NoteUnknown();

    private void Acknowledged(KvWriteResult result, long sequence)
    {
        var session = Node.Applier.Session;
        Run.Transcript.Add(Node.Id, $"acknowledged {result}: {_what} as {session}/{sequence}");
        Run.Acknowledged++;
        AcknowledgedWrites.Check(Run.History, session, sequence, result, Floor, _what);
        if (Run.History.OutcomeOf(session, sequence) is { } outcome)
            Run.History.Raise(outcome.Index);
        if (result.Applied)
            Note(Run.Time.Now);
        else if (_operation == 0)
            Run.Linearizable.Add(_key, new RegisterOperation(0, RegisterOperationKind.Read, null, null, StartedAt, Run.Time.Now));
    }

    private void NoteUnknown() => Note(RegisterOperation.Never);

    private void Note(long returned) => Run.Linearizable.Add(_key, new RegisterOperation(0, _replaced is null ? RegisterOperationKind.Write : RegisterOperationKind.CompareAndSet,
        WrittenValue.NameOf(_operation), _replaced is { } replaced ? WrittenValue.NameOf(replaced) : null, StartedAt, returned));
}
