using System.Globalization;
using RaftKv.Embedded;

namespace RaftKv.PublishedApp;

/// <summary>
/// Every option that configuration can set, as <c>Name=value</c>. Without reflection, which would keep what trimming should remove.
/// </summary>
internal static class OptionLines
{
    public static IEnumerable<string> Of(RaftKvOptions options) =>
    [
        Line(nameof(options.NodeId), options.NodeId),
        Line(nameof(options.DataDirectory), options.DataDirectory),
        Line(nameof(options.ListenAddress), options.ListenAddress),
        Line(nameof(options.AdvertiseAddress), options.AdvertiseAddress),
        Line(nameof(options.InitialMembers), string.Join('|', options.InitialMembers.Select(m => $"{m.NodeId}@{m.Address}"))),
        Line(nameof(options.Seeds), string.Join('|', options.Seeds)),
        Line(nameof(options.Bootstrap), options.Bootstrap),
        Line(nameof(options.TargetVoters), options.TargetVoters),
        Line(nameof(options.ReplacedDiskTimeout), options.ReplacedDiskTimeout),
        Line(nameof(options.RestoreFrom), options.RestoreFrom),
        Line(nameof(options.PeerTls), options.PeerTls is { } tls ? $"{tls.CertificateFile}|{tls.KeyFile}|{tls.AuthoritiesFile}|{tls.AcceptAnyNodeId}" : null),
        Line(nameof(options.PeerSecrets), string.Join('|', options.PeerSecrets)),
        Line(nameof(options.AllowInsecurePeers), options.AllowInsecurePeers),
        Line(nameof(options.HeartbeatInterval), options.HeartbeatInterval),
        Line(nameof(options.ElectionTimeout), options.ElectionTimeout),
        Line(nameof(options.MaxClockDrift), options.MaxClockDrift),
        Line(nameof(options.RequestTimeout), options.RequestTimeout),
        Line(nameof(options.MaxKeyBytes), options.MaxKeyBytes),
        Line(nameof(options.MaxValueBytes), options.MaxValueBytes),
        Line(nameof(options.MaxTransactionBytes), options.MaxTransactionBytes),
        Line(nameof(options.MaxPendingBytes), options.MaxPendingBytes),
        Line(nameof(options.MemoryBudgetBytes), options.MemoryBudgetBytes),
        Line(nameof(options.ExpectedKeys), options.ExpectedKeys),
        Line(nameof(options.LogSegmentBytes), options.LogSegmentBytes),
        Line(nameof(options.SnapshotThresholdBytes), options.SnapshotThresholdBytes),
        Line(nameof(options.LogRetentionBytes), options.LogRetentionBytes),
        Line(nameof(options.WatchHistoryBytes), options.WatchHistoryBytes),
        Line(nameof(options.WatchPreviousValues), options.WatchPreviousValues),
        Line(nameof(options.ScanRetentionBytes), options.ScanRetentionBytes),
        Line(nameof(options.Durability), options.Durability),
        Line(nameof(options.IntegrityCheckInterval), options.IntegrityCheckInterval),
        Line(nameof(options.DiskWarningBytes), options.DiskWarningBytes),
        Line(nameof(options.DiskReserveBytes), options.DiskReserveBytes),
        Line(nameof(options.HandOverTimeout), options.HandOverTimeout),
    ];

    private static string Line(string name, object? value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");
}
