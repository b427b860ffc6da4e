using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>
/// Base of tests of one node's telemetry. The name of the node is unique, so that a recorder hears no node of another test.
/// </summary>
public abstract class MeasuredNodeTests : IDisposable
{
    private protected TestFolder Folder { get; } = new();

    private protected string NodeId { get; } = $"n{Guid.NewGuid():N}";

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the node as a cluster of one.</summary>
    private protected Task<TestNode> StartAsync(Action<IRaftKvBuilder>? extend = null) =>
        TestNode.StartAsync(o => (o.NodeId, o.DataDirectory) = (NodeId, Folder.Sub("data")), extend);
}
