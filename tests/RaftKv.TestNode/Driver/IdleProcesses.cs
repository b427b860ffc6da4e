using System.Collections.Concurrent;

namespace RaftKv.TestNode.Driver;

/// <summary>
/// Processes whose replica has ended with its test, kept for the nodes that start next: a new process takes a second of processor time to
/// compile its code. A node that is killed starts again in another process.
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
