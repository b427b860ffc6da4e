using RaftKv.Embedded;
using RaftKv.Embedded.StateMachine;
using RaftKv.Simulation.Invariants;
using static RaftKv.Embedded.Tests.StateMachine.Transactions;

namespace RaftKv.Simulation.Clients;

/// <summary>
/// Moves an amount from one account to another, and counts that it did. Some transfers have a condition that may fail, and then read
/// instead.
/// </summary>
internal sealed class TransferKind(Simulation run) : CallKind(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Transactions;

    public override int Weight => 3;

    public override void Make(Caller caller, SimNode node, string key, Action ended)
    {
        var (from, to) = ((int)caller.Random.Below(Accounts.Count), (int)caller.Random.Below(Accounts.Count - 1));
        to += to >= from ? 1 : 0;
        var amount = caller.Random.Between(1, 100);
        TransactionOperation[] then = [Get(Accounts.Name(from)), Add(Accounts.Name(from), -amount), Get(Accounts.Name(from)), Add(Accounts.Name(to), amount), Add(Accounts.Ledger, 1)];
        var transaction = caller.Random.OneIn(3)
            ? new TransactionCommand { If = [Is(KvCompareTarget.WriteCount, Accounts.Name(from), KvRelation.Less, caller.Random.Below(50))], Then = then, Else = [Get(Accounts.Ledger)] }
            : Do(then);
        _ = new CommandCall(Run, node, KvCommand.WriteTransaction(transaction), $"transfer {amount} from {from} to {to}", _ => ended());
    }
}
