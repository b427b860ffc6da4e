using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>Tests of what one node tells its listeners. Its name is its own, so that a recorder hears no node of another test.</summary>
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

    /// <summary>The node, a cluster of one.</summary>
    private protected Task<TestNode> StartAsync(Action<IRaftKvBuilder>? extend = null) =>
        TestNode.StartAsync(o => (o.NodeId, o.DataDirectory) = (NodeId, Folder.Sub("data")), extend);
}
