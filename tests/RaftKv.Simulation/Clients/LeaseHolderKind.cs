using System.Text;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation.Clients;

/// <summary>
/// Holds a lease with a key for a random time, as <c>LeaseRenewer</c> does, and then revokes it or stops renewing it. Ends earlier when its
/// process dies or the lease is lost.
/// </summary>
internal sealed class LeaseHolderKind(Simulation run) : CallKind(run)
{
    private static readonly long Poll = 5 * VirtualTime.Millisecond;

    private const long Grace = VirtualTime.Second;

    private int _holders;

    public override bool IsEnabled(Swarm swarm) => swarm.Lifetimes;

    public override int Weight => 1;

    public override void Make(Caller caller, SimNode node, string key, Action ended)
    {
        var timeToLive = caller.Random.Between(500, 3_000);
        var (life, sentAt) = (node.Life, node.Clock.Ticks);
        _ = new CommandCall(Run, node, Command(KvOperation.GrantLease, timeToLive), $"grant a lease of {timeToLive} ms", granted =>
        {
            ended();
            if (granted is not { } answer || !Lives(node, life))
                return;
            var held = new LeaseDeadline(answer.Version, timeToLive * TimeSpan.TicksPerMillisecond, maxClockDrift: 0.1,
                node.RequestTimeout.Ticks, sentAt);
            var holding = Run.LeaseHolders.Begin(answer.Version, node, held);
            Run.Time.After(0, () => Bind(node, life, answer.Version));
            Run.Time.After(0,
                () => Keep(holding, life, Run.Time.Now + caller.Random.Below(5 * VirtualTime.Second), revokes: caller.Random.OneIn(2)));
        });
    }

    private void Bind(SimNode node, int life, long lease)
    {
        if (!Lives(node, life))
            return;
        var name = Encoding.UTF8.GetBytes($"l{_holders++ % 8}");
        var command = new byte[KvCommand.SetBytes(name.Length, 0) + KvLifetime.Bytes];
        KvCommand.WriteSet(command, default, new KvLifetime(false, LeaseId: lease), name, default);
        node.Run("caller", () => _ = new CommandCall(Run, node, command, $"bind {Encoding.UTF8.GetString(name)} to lease {lease}", _ => { }));
    }

    private void Keep(LeaseHolders.Holding holding, int life, long until, bool revokes)
    {
        var node = holding.Node;
        if (!Lives(node, life))
        {
            holding.End();
            return;
        }
        // A paused process cannot read its clock.
        if (node.PausedUntil <= Run.Time.Now)
        {
            if (Run.Time.Now >= until || Run.IsHealing || !holding.Life.Lives(node.Clock.Ticks, out var renewal))
            {
                holding.End();
                if (revokes && node.Core is not null)
                    node.Run("caller", () => _ = new CommandCall(Run, node, Command(KvOperation.RevokeLease, holding.Lease), $"revoke lease {holding.Lease}", _ => { }));
                return;
            }
            if (renewal is not null)
            {
                node.Run("keeper", () => node.Replica.Post(renewal));
                Run.Time.After(Poll, () => Await(renewal, node, life, 0));
            }
        }
        Run.Time.After(Poll, () => Keep(holding, life, until, revokes));
    }

    // The deadline of a renewal is often earlier than those of the calls before it: it must not wait for them.
    private void Await(WriteOperation renewal, SimNode node, int life, int late)
    {
        if (!Lives(node, life) || renewal.IsCompleted)
            return;
        late += node.PausedUntil <= Run.Time.Now && node.Clock.Ticks > renewal.Deadline ? 1 : 0;
        if (late * Poll > Grace)
            throw new BrokenInvariantException("No caller hangs", $"a renewal of a lease on {node.Id} has not ended {late * Poll / VirtualTime.Millisecond} ms after its time");
        Run.Time.After(Poll, () => Await(renewal, node, life, late));
    }

    private static bool Lives(SimNode node, int life) => node.IsUp && node.Life == life && !node.IsFaulted;

    private static byte[] Command(KvOperation operation, long number)
    {
        var command = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(command, operation, number);
        return command;
    }
}
