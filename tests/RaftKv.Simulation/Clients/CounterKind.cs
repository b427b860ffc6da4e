using System.Text;
using RaftKv.Embedded.StateMachine;
using RaftKv.Simulation.Invariants;
using static RaftKv.Embedded.Tests.StateMachine.Transactions;

namespace RaftKv.Simulation.Clients;

/// <summary>
/// Increments counters that expire or belong to a lease, some with options for a counter that does not exist; sets some again.
/// </summary>
internal sealed class CounterKind(Simulation run) : CallKind(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Lifetimes;

    public override int Weight => 2;

    public override void Make(Caller caller, SimNode node, string key, Action ended)
    {
        var name = Counters.Name((int)caller.Random.Below(Counters.Count));
        var lifetime = Lifetime(caller, node);
        if (caller.Random.OneIn(4))
        {
            var set = new byte[KvCommand.SetBytes(name.Length, 1) + KvLifetime.Bytes];
            KvCommand.WriteSet(set, default, lifetime, Encoding.UTF8.GetBytes(name), "7"u8);
            _ = new CommandCall(Run, node, set, $"set {name} for {lifetime}", _ => ended());
            return;
        }
        var delta = caller.Random.Between(1, 100);
        var body = caller.Random.OneIn(2) ? new IncrementBody(delta) : new IncrementBody(delta, caller.Random.Below(1_000), lifetime);
        _ = new CommandCall(Run, node, KvCommand.WriteTransaction(Do(Add(name, body))), $"increment {name} by {body}", _ => ended());
    }

    private static KvLifetime Lifetime(Caller caller, SimNode node)
    {
        var time = caller.Random.Between(20, 3_000);
        return caller.Random.Below(4) switch
        {
            0 when node.Applier.State.Leases.All.FirstOrDefault() is { } lease => new KvLifetime(false, LeaseId: lease.Id),
            1 => new KvLifetime(false, SlidingMs: time),
            2 => new KvLifetime(false, TimeToLiveMs: time, SlidingMs: 1 + (time / 3)),
            _ => new KvLifetime(false, TimeToLiveMs: time),
        };
    }
}
