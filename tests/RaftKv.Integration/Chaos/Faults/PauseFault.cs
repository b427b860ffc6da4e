using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Chaos.Faults;

/// <summary>
/// SIGSTOP for longer than an election takes, then SIGCONT: the process that continues still believes to have its old role.
/// </summary>
public sealed class PauseFault(int count) : ChaosFault
{
    public override string Name => $"pause {count}";

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        ClusterNode[] victims = [.. world.Nodes.OrderBy(_ => random.Next()).Take(count)];
        foreach (var victim in victims)
            victim.Pause();
        await LastAsync(random, 0.6, 4);
        foreach (var victim in victims)
            victim.Continue();
    }
}
