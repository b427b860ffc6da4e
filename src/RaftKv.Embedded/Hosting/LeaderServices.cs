using RaftKv.Embedded.Client;

namespace RaftKv.Embedded.Hosting;

/// <summary>The leader services of one cluster in this process.</summary>
internal sealed class LeaderServices(LeaderServiceRunner[] runners, IDistributedKv kv) : IRaftKvLeaderServices
{
    public IReadOnlyCollection<string> Names { get; } = [.. runners.Select(r => r.Name)];

    public LeaderServiceRunner? Get(string name) => Array.Find(runners, r => r.Name == name);

    public async ValueTask<RaftKvLeaderServiceStatus> GetStatusAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var note = await kv.GetAsync(LeaderServiceRegistration.StatusKeyOf(name), default, cancellationToken).ConfigureAwait(false);
        var status = Get(name)?.Status ?? new RaftKvLeaderServiceStatus { Name = name };
        if (!note.Found)
            return status;
        var (nodeId, since) = LockTicket.Decode(note.Value.Span);
        return status with { NodeId = nodeId, Since = since };
    }
}
