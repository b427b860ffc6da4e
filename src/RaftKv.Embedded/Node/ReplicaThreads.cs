using System.Diagnostics;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>The threads of a node.</summary>
internal sealed class ReplicaThreads(ReplicaAssembly assembly, StallWatch stallWatch, string nodeId)
{
    private readonly List<DedicatedThread> _threads = [];

    /// <summary>Whether the thread that takes the turns was started.</summary>
    public bool HasLoop { get; private set; }

    public void Start(CancellationToken ended)
    {
        var turns = assembly.Replica.Turns;
        Add("log", () => assembly.LogWriter.Run(turns.TakeTurn), ThreadPriority.AboveNormal);
        Add("apply", () => assembly.Applier.Run());
        Add("read", () => assembly.Reader.Run());
        Add("snap", () => assembly.Snapshotter.Run());
        Add("loop", turns.Run, ThreadPriority.AboveNormal);
        Add("watch", () => stallWatch.Run(ended));
        HasLoop = true;
    }

    /// <summary>Starts a thread that ends when the node does.</summary>
    public void Add(string name, Action run, ThreadPriority priority = ThreadPriority.Normal) =>
        _threads.Add(new DedicatedThread($"raftkv-{nodeId}-{name}", run, priority));

    /// <summary>The threads end after what they are doing.</summary>
    public void Stop()
    {
        assembly.Replica.Turns.Stop();
        assembly.LogWriter.Stop();
        assembly.Applier.Stop();
        assembly.Reader.Stop();
        assembly.Snapshotter.Stop();
    }

    /// <summary>Waits for the end of all of them; <c>false</c> when one still runs after the timeout.</summary>
    public bool TryJoin(TimeSpan timeout)
    {
        var waited = Stopwatch.StartNew();
        return _threads.TrueForAll(thread => thread.Join(Left())) && assembly.Applier.TryClose(Left());

        TimeSpan Left() => waited.Elapsed < timeout ? timeout - waited.Elapsed : TimeSpan.Zero;
    }
}
