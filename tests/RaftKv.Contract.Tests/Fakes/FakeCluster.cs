using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>A cluster whose status a test sets, and that records the calls that would change its members.</summary>
internal sealed class FakeCluster : IRaftKvCluster
{
    public RaftKvStatus Status { get; set; } = new() { NodeId = "node1", Address = "localhost:1" };

    public List<string> Calls { get; } = [];

    public Task AddMemberAsync(string nodeId, string address, RaftKvMemberRole role, CancellationToken cancellationToken = default) =>
        Called($"add {nodeId} {address} {role}");

    public Task RemoveMemberAsync(string nodeId, CancellationToken cancellationToken = default) => Called($"remove {nodeId}");

    public Task TransferLeadershipAsync(string? toNodeId = null, CancellationToken cancellationToken = default) =>
        Called($"transfer {toNodeId}");

    public Task<KvVersion> TakeSnapshotAsync(CancellationToken cancellationToken = default) => Task.FromResult(new KvVersion(1));

    public Task<RaftKvBackupInfo> BackupAsync(Stream destination, KvVersion? minVersion = null,
        CancellationToken cancellationToken = default) => Task.FromResult(new RaftKvBackupInfo { Version = new KvVersion(1) });

    private Task Called(string call)
    {
        Calls.Add(call);
        return Task.CompletedTask;
    }
}
