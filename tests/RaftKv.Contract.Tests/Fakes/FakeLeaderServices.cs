using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>Reports every service as running on the node that a test names.</summary>
internal sealed class FakeLeaderServices(string nodeId) : IRaftKvLeaderServices
{
    public IReadOnlyCollection<string> Names => ["job"];

    public ValueTask<RaftKvLeaderServiceStatus> GetStatusAsync(string name, CancellationToken cancellationToken = default) =>
        new(new RaftKvLeaderServiceStatus { Name = name, NodeId = nodeId });
}
