using System.Text;
using RaftKv.Embedded;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Records;
using RaftKv.Integration.Linearizability;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation.Clients;

/// <summary>A read, as <c>DistributedKv</c> makes it.</summary>
internal sealed class ReadCall : Call
{
    private readonly string _key;
    private readonly KvConsistency _consistency;
    private readonly ReadBatch? _batch;

    public ReadCall(Simulation run, SimNode node, string key, KvConsistency consistency, Action<bool> ended) : base(run, node, ended)
    {
        (_key, _consistency) = (key, consistency);
        if (!CanReadNow)
        {
            if (consistency == KvConsistency.LeaderLease)
                node.Replica.WantLease();
            _batch = node.Replica.JoinReads(out var isNew);
            if (isNew)
                node.Replica.Post(_batch);
        }
        run.Transcript.Add(node.Id, $"caller: {this}");
        node.Calls.Add(this);
        node.Schedule();
    }

    /// <summary>Found by a read that succeeded: the version, and the operation and the count in the value.</summary>
    public (long Version, long Operation, long Count) Found { get; private set; }

    public override string ToString() => $"read {_key} ({_consistency}, at least {Floor})";

    private bool CanReadNow => _consistency switch
    {
        KvConsistency.Stale => Node.Replica.HasCaughtUp,
        KvConsistency.LeaderLease => HoldsLease(),
        _ => false,
    };

    private bool HoldsLease()
    {
        var commit = Node.Replica.CommitIndex;
        return Node.Clock.Ticks < Node.Replica.LeaseUntil && Node.Applier.AppliedIndex >= commit;
    }

    protected override bool? TryEnd()
    {
        if (_batch is null)
        {
            // A read that need not wait is done in the same step.
            Read();
            return true;
        }
        if (!_batch.IsCompleted)
            return null;
        if (_batch.Error is { } error)
            return error is RaftKvUnavailableException ? false : throw error;
        Read();
        return true;
    }

    private void Read()
    {
        var readAt = Node.Applier.AppliedIndex;
        Node.Applier.State.Store.TryRead(Encoding.UTF8.GetBytes(_key), 0,
            static (in RecordHeader header, ReadOnlySpan<byte> value, int _) => (header.Version, WrittenValue.Read(value)), out var found);
        var (version, (operation, count)) = found;
        Run.Transcript.Add(Node.Id, $"{this} found {version} by operation {operation} at {readAt}");
        Found = (version, operation, count);
        FreshReads.CheckValue(Run.History, _key, readAt, version, operation);
        Run.ReadsAnswered++;
        if (_consistency == KvConsistency.Stale)
        {
            Run.StaleReads.OnRead(Node, readAt);
            return;
        }
        FreshReads.CheckFresh(this, Node, readAt, Floor);
        Run.History.Raise(readAt);
        Run.StaleReads.OnRead(Node, readAt);
        Run.Linearizable.Add(_key, new RegisterOperation(0, RegisterOperationKind.Read, WrittenValue.NameOf(operation), null, StartedAt, Run.Time.Now));
    }
}
