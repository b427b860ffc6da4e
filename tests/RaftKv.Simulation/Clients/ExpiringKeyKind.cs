using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Simulation.Clients;

/// <summary>Sets keys that expire, and reads some with a sliding expiration, which the node of the read renews.</summary>
internal sealed class ExpiringKeyKind(Simulation run) : CallKind(run)
{
    private const int Keys = 6;

    public override bool IsEnabled(Swarm swarm) => swarm.Lifetimes;

    public override int Weight => 2;

    public override void Make(Caller caller, SimNode node, string key, Action ended)
    {
        var name = Encoding.UTF8.GetBytes($"t{caller.Random.Below(Keys)}");
        if (caller.Random.OneIn(3))
        {
            Read(node, name);
            Run.Time.After(VirtualTime.Millisecond, ended);
            return;
        }
        var time = caller.Random.Between(20, 3_000);
        var lifetime = caller.Random.Below(4) switch
        {
            0 => new KvLifetime(Keep: true),
            1 => new KvLifetime(false, SlidingMs: time),
            2 => new KvLifetime(false, TimeToLiveMs: time, SlidingMs: 1 + (time / 3)),
            _ => new KvLifetime(false, TimeToLiveMs: time),
        };
        var command = new byte[KvCommand.SetBytes(name.Length, 0) + KvLifetime.Bytes];
        KvCommand.WriteSet(command, default, lifetime, name, default);
        _ = new CommandCall(Run, node, command, $"set {Encoding.UTF8.GetString(name)} for {lifetime}", _ => ended());
    }

    private static void Read(SimNode node, byte[] name)
    {
        if (node.Applier.State.Store.TryRead(name, 0, static (in RecordHeader header, ReadOnlySpan<byte> _, int _) => header, out var found) && found.SlidingMs != 0)
            node.Replica.RecordAccess(name, found.Version, found.ExpiresAtMs, found.SlidingMs);
    }
}
