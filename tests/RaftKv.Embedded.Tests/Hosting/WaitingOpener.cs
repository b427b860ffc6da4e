using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Opens the replica only once the test sets the event.</summary>
internal sealed class WaitingOpener(ManualResetEventSlim opens) : ReplicaOpener
{
    public override LocalReplica Open(RaftKvOptions options, ReplicaClock clock, Observers observers)
    {
        opens.Wait();
        return base.Open(options, clock, observers);
    }
}
