using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>Services that run on a node that a test names.</summary>
internal sealed class FakeLeaderServices(string nodeId) : IRaftKvLeaderServices
{
    public IReadOnlyCollection<string> Names => ["job"];

    public ValueTask<RaftKvLeaderServiceStatus> GetStatusAsync(string name, CancellationToken cancellationToken = default) =>
        new(new RaftKvLeaderServiceStatus { Name = name, NodeId = nodeId });
}
