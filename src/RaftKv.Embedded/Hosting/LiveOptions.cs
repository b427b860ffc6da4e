using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Applies changed options while the node runs: secrets, timeouts of calls, and thresholds. All others need a restart, and the log says so.
/// A change that is not valid is logged and ignored as a whole.
/// </summary>
/// <param name="cluster">The name of the cluster; <c>null</c> for the one of <c>AddRaftKv</c>.</param>
/// <param name="running">The options of the replica.</param>
/// <param name="factory">Creates the changed options.</param>
/// <param name="sources">The sources of change notifications.</param>
/// <param name="access">The replica.</param>
/// <param name="observers">Creates the log.</param>
internal sealed class LiveOptions(
    string? cluster, IOptions<RaftKvOptions> running, IOptionsFactory<RaftKvOptions> factory,
    IEnumerable<IOptionsChangeTokenSource<RaftKvOptions>> sources, ReplicaAccess access, Observers observers) : IHostedService, IDisposable
{
    /// <summary>
    /// Options that are applied without a restart. Each value is at most 8 bytes, so a reader on another thread sees the old or the new
    /// one.
    /// </summary>
    private static readonly (string Name, Func<RaftKvOptions, object?> Get, Action<RaftKvOptions, RaftKvOptions> Take)[] Live =
    [
        (nameof(RaftKvOptions.RequestTimeout), o => o.RequestTimeout, (to, from) => to.RequestTimeout = from.RequestTimeout),
        (nameof(RaftKvOptions.HandOverTimeout), o => o.HandOverTimeout, (to, from) => to.HandOverTimeout = from.HandOverTimeout),
        (nameof(RaftKvOptions.IntegrityCheckInterval), o => o.IntegrityCheckInterval,
            (to, from) => to.IntegrityCheckInterval = from.IntegrityCheckInterval),
        (nameof(RaftKvOptions.DiskWarningBytes), o => o.DiskWarningBytes, (to, from) => to.DiskWarningBytes = from.DiskWarningBytes),
        (nameof(RaftKvOptions.DiskReserveBytes), o => o.DiskReserveBytes, (to, from) => to.DiskReserveBytes = from.DiskReserveBytes),
        (nameof(RaftKvOptions.SnapshotThresholdBytes), o => o.SnapshotThresholdBytes,
            (to, from) => to.SnapshotThresholdBytes = from.SnapshotThresholdBytes),
        (nameof(RaftKvOptions.LogRetentionBytes), o => o.LogRetentionBytes, (to, from) => to.LogRetentionBytes = from.LogRetentionBytes),
    ];

    private static readonly (string Name, Func<RaftKvOptions, object?> Get)[] Fixed =
    [
        (nameof(RaftKvOptions.NodeId), o => o.NodeId),
        (nameof(RaftKvOptions.DataDirectory), o => o.DataDirectory),
        (nameof(RaftKvOptions.ListenAddress), o => o.ListenAddress),
        (nameof(RaftKvOptions.AdvertiseAddress), o => o.AdvertiseAddress),
        (nameof(RaftKvOptions.InitialMembers), o => string.Join(' ', o.InitialMembers.Select(m => $"{m.NodeId}={m.Address}"))),
        (nameof(RaftKvOptions.Seeds), o => string.Join(' ', o.Seeds)),
        (nameof(RaftKvOptions.Bootstrap), o => o.Bootstrap),
        (nameof(RaftKvOptions.TargetVoters), o => o.TargetVoters),
        (nameof(RaftKvOptions.ReplacedDiskTimeout), o => o.ReplacedDiskTimeout),
        (nameof(RaftKvOptions.RestoreFrom), o => o.RestoreFrom),
        (nameof(RaftKvOptions.PeerTls),
            o => (o.PeerTls?.CertificateFile, o.PeerTls?.KeyFile, o.PeerTls?.AuthoritiesFile, o.PeerTls?.AcceptAnyNodeId)),
        (nameof(RaftKvOptions.AllowInsecurePeers), o => o.AllowInsecurePeers),
        (nameof(RaftKvOptions.HeartbeatInterval), o => o.HeartbeatInterval),
        (nameof(RaftKvOptions.ElectionTimeout), o => o.ElectionTimeout),
        (nameof(RaftKvOptions.MaxClockDrift), o => o.MaxClockDrift),
        (nameof(RaftKvOptions.MaxKeyBytes), o => o.MaxKeyBytes),
        (nameof(RaftKvOptions.MaxValueBytes), o => o.MaxValueBytes),
        (nameof(RaftKvOptions.MaxTransactionBytes), o => o.MaxTransactionBytes),
        (nameof(RaftKvOptions.MaxPendingBytes), o => o.MaxPendingBytes),
        (nameof(RaftKvOptions.MemoryBudgetBytes), o => o.MemoryBudgetBytes),
        (nameof(RaftKvOptions.ExpectedKeys), o => o.ExpectedKeys),
        (nameof(RaftKvOptions.LogSegmentBytes), o => o.LogSegmentBytes),
        (nameof(RaftKvOptions.WatchHistoryBytes), o => o.WatchHistoryBytes),
        (nameof(RaftKvOptions.WatchPreviousValues), o => o.WatchPreviousValues),
        (nameof(RaftKvOptions.ScanRetentionBytes), o => o.ScanRetentionBytes),
        (nameof(RaftKvOptions.Durability), o => o.Durability),
    ];

    private readonly string _name = ClusterServices.OptionsName(cluster);
    private readonly Lock _gate = new();
    private readonly ILogger _log = observers.CreateLogger(ReplicaHost.Category);
    private readonly List<IDisposable> _changes = [];
    private RaftKvOptions? _last;
    private IList<string> _secrets = [];
    private bool _waitsForReplica;

    /// <summary>The names of all options that are compared.</summary>
    internal static IEnumerable<string> Names =>
        [.. Live.Select(o => o.Name), .. Fixed.Select(o => o.Name), nameof(RaftKvOptions.PeerSecrets)];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _secrets = running.Value.PeerSecrets;
            foreach (var source in sources.Where(s => (s.Name ?? Options.DefaultName) == _name))
                _changes.Add(ChangeToken.OnChange(source.GetChangeToken, Take));
            // Compared with fresh options, not with those of the replica: start-up may have lowered some of these, which is not a change.
            _last = factory.Create(_name);
            // What has changed since the replica read its options, while other services started.
            TakeLive(_last);
        }
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _changes.ForEach(change => change.Dispose());

    private void Take()
    {
        lock (_gate)
        {
            // The source has changed while it is registered: the options are read after that.
            if (_last is null)
                return;
            try
            {
                Take(factory.Create(_name));
            }
            catch (Exception e)
            {
                _log.OptionsIgnored(running.Value.NodeId, e.Message);
            }
        }
    }

    private void Take(RaftKvOptions changed)
    {
        var last = _last!;
        _last = changed;
        TakeLive(changed);
        var later = Fixed.Where(o => !Equals(o.Get(last), o.Get(changed))).Select(o => o.Name).ToList();
        if (later.Count > 0)
            _log.OptionsNeedRestart(running.Value.NodeId, string.Join(", ", later));
    }

    private void TakeLive(RaftKvOptions changed)
    {
        var taken = Live.Where(o => !Equals(o.Get(running.Value), o.Get(changed))).ToList();
        taken.ForEach(o => o.Take(running.Value, changed));
        var names = taken.ConvertAll(o => o.Name);
        if (!_secrets.SequenceEqual(changed.PeerSecrets))
        {
            _secrets = changed.PeerSecrets;
            if (TryReplaceSecrets())
                names.Add(nameof(RaftKvOptions.PeerSecrets));
        }
        if (names.Count > 0)
            _log.OptionsTaken(running.Value.NodeId, string.Join(", ", names));
    }

    /// <returns><c>false</c> while the replica is not open: it has read the secrets of its start, and gets these once it is open.</returns>
    private bool TryReplaceSecrets()
    {
        if (access.TryHost is { } host)
        {
            (host as ReplicaHost)?.ReplaceSecrets(_secrets);
            return true;
        }
        if (!_waitsForReplica)
        {
            _waitsForReplica = true;
            _ = Task.Run(ReplaceSecretsOnceOpenAsync);
        }
        return false;
    }

    private async Task ReplaceSecretsOnceOpenAsync()
    {
        try
        {
            await access.HostAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The replica could not be opened, or the host was stopped before: the start of the host says so.
            return;
        }
        lock (_gate)
        {
            if (TryReplaceSecrets())
                _log.OptionsTaken(running.Value.NodeId, nameof(RaftKvOptions.PeerSecrets));
        }
    }
}
