using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>Records the fencing token of each leadership that it is run with.</summary>
internal sealed class FakeLeaderService : IRaftKvLeaderService
{
    public List<KvVersion> Tokens { get; } = [];

    public Task RunAsync(KvLock leadership, CancellationToken cancellationToken)
    {
        Tokens.Add(leadership.FencingToken);
        return Task.CompletedTask;
    }
}
