using System.Collections.Concurrent;

namespace RaftKv.TestNode.Driver;

/// <summary>
/// Processes whose replica has ended with its test, for the nodes that start next: a process costs a second of a processor until it has
/// compiled what it runs. A node that is killed is killed; it starts again in another process.
/// </summary>
internal static class IdleProcesses
{
    private const int Most = 6;

    private static readonly ConcurrentBag<NodeProcess> Idle = [];

    public static NodeProcess? Take()
    {
        while (Idle.TryTake(out var process))
        {
            if (!process.HasExited)
                return process;
        }
        return null;
    }

    /// <summary>Ends the replica and keeps the process, or ends both.</summary>
    public static async Task ReturnAsync(NodeProcess process)
    {
        if (Idle.Count < Most && await process.EndReplicaAsync())
            Idle.Add(process);
        else
            await process.DisposeAsync();
    }
}
