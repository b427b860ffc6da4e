using System.Net;
using System.Text;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Hosting;

/// <summary>Reports all errors in the options together, when the host starts.</summary>
internal sealed class RaftKvOptionsValidator : IValidateOptions<RaftKvOptions>
{
    public ValidateOptionsResult Validate(string? name, RaftKvOptions options)
    {
        var errors = new List<string>();
        CheckIdentity(options, errors);
        CheckAddresses(options, errors);
        CheckSecurity(options, errors);
        CheckMembers(options, errors);
        CheckTimes(options, errors);
        CheckSizes(options, errors);
        // The host prints the errors of all options together, so each error names its replica.
        return errors.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(errors.ConvertAll(error => $"{Owner(name)}: {error}"));
    }

    private static string Owner(string? name) =>
        string.IsNullOrEmpty(name) ? RaftKvOptions.SectionName : $"{RaftKvOptions.SectionName} {name}";

    private static void CheckIdentity(RaftKvOptions options, List<string> errors)
    {
        if (!NodeIds.IsValid(options.NodeId))
            errors.Add($"NodeId is '{options.NodeId}'; it must be {NodeIds.Rule}.");
        if (options.Durability == RaftKvDurability.Memory)
            CheckInMemory(options, errors);
        else if (string.IsNullOrWhiteSpace(options.DataDirectory))
            errors.Add("DataDirectory is missing; it is the one option without a default: where the log, the snapshots and the "
                + "identity live.");
        if (!Enum.IsDefined(options.Durability))
            errors.Add($"Durability is {(int)options.Durability}; it must be Fsync, OsBuffered or Memory.");
    }

    /// <summary>
    /// Options that cannot be combined with <see cref="RaftKvDurability.Memory"/>. Such a node forgets its cluster at each restart, and
    /// would then found a second cluster beside the nodes that were added to the first one.
    /// </summary>
    private static void CheckInMemory(RaftKvOptions options, List<string> errors)
    {
        if (options.RestoreFrom is not null)
            errors.Add("Durability is Memory, and RestoreFrom is set: a backup is restored into a data directory, and this node has none. "
                + "Remove the one or the other.");
        if (options.Bootstrap == RaftKvBootstrap.SingleNode
            && (options.AdvertiseAddress is not null || options.ListenAddress != RaftKvOptions.DefaultListenAddress))
            errors.Add("Durability is Memory, Bootstrap is SingleNode, and other nodes can know the address of this one: after a restart "
                + "it would found a second cluster beside the nodes that were added to it. Set InitialMembers to the same list on every "
                + "node; for a cluster of one set neither ListenAddress nor AdvertiseAddress.");
    }

    private static void CheckAddresses(RaftKvOptions options, List<string> errors)
    {
        if (!HostAndPort.TryParse(options.ListenAddress, out var listen))
        {
            errors.Add($"ListenAddress is '{options.ListenAddress}'; it must be host:port, for example 127.0.0.1:1111.");
            return;
        }
        if (!IsLoopback(listen) && !options.AuthenticatesPeers && !options.AllowInsecurePeers)
        {
            errors.Add($"ListenAddress is '{options.ListenAddress}', which other machines can reach, and peers are not authenticated. "
                + "Set PeerTls or PeerSecrets, listen on a loopback address, or set AllowInsecurePeers to accept that every process "
                + "that reaches the port can read and write everything.");
        }
        if (options.AdvertiseAddress is null)
        {
            if (IsAnyAddress(listen))
                errors.Add($"ListenAddress is '{options.ListenAddress}', which peers cannot dial. Set AdvertiseAddress to the "
                    + "host:port where they reach this node.");
        }
        else if (!HostAndPort.TryParse(options.AdvertiseAddress, out var advertise) || IsAnyAddress(advertise) || advertise.Port == 0)
        {
            errors.Add($"AdvertiseAddress is '{options.AdvertiseAddress}'; it must be a host:port that peers can dial.");
        }
    }

    private static void CheckSecurity(RaftKvOptions options, List<string> errors)
    {
        for (var i = 0; i < options.PeerSecrets.Count; i++)
        {
            if (Encoding.UTF8.GetByteCount(options.PeerSecrets[i] ?? "") < PeerSecret.MinBytes)
                errors.Add($"PeerSecrets[{i}] is shorter than {PeerSecret.MinBytes} bytes. It must be random, for example: openssl "
                    + "rand -base64 32.");
        }
        if (options.PeerTls is not { Credentials: null } tls)
            return;
        if (string.IsNullOrWhiteSpace(tls.CertificateFile))
            errors.Add("PeerTls has neither a CertificateFile nor Credentials; set one of them, or leave PeerTls out.");
        if (string.IsNullOrWhiteSpace(tls.AuthoritiesFile))
            errors.Add("PeerTls has neither an AuthoritiesFile nor Credentials. Set AuthoritiesFile to the authorities that sign "
                + "the certificates of this cluster's nodes.");
    }

    private static void CheckMembers(RaftKvOptions options, List<string> errors)
    {
        if (options.RestoreFrom is not null && options.InitialMembers.Count > 0)
            errors.Add("RestoreFrom and InitialMembers are both set: each of these nodes would begin a cluster of its own. Restore "
                + "one node without InitialMembers, then add the others, empty, to it.");
        if (options.RestoreFrom is not null && options.Seeds.Count > 0)
            errors.Add("RestoreFrom and Seeds are both set: a node that restores a backup founds a new cluster, and Seeds name one to "
                + "join. Remove RestoreFrom on a node that joins, and Seeds on the one that restores.");
        CheckBootstrap(options, errors);
        if (options.TargetVoters is not (0 or 3 or 5 or 7))
            errors.Add($"TargetVoters is {options.TargetVoters}; it must be 3, 5 or 7, or 0 for all members.");
        foreach (var seed in options.Seeds)
        {
            if (!HostAndPort.TryParse(seed ?? "", out var address) || IsAnyAddress(address) || address.Port == 0)
                errors.Add($"Seeds has '{seed}'; it must be a host:port of a node of the cluster.");
        }
        if (options.InitialMembers.Count == 0)
            return;
        foreach (var member in options.InitialMembers)
        {
            if (!NodeIds.IsValid(member.NodeId))
                errors.Add($"InitialMembers has a node id '{member.NodeId}'; it must be {NodeIds.Rule}.");
            if (!HostAndPort.TryParse(member.Address, out var address) || IsAnyAddress(address) || address.Port == 0)
                errors.Add($"InitialMembers has the address '{member.Address}' for {member.NodeId}; it must be a "
                    + "host:port that peers can dial.");
        }
        foreach (var twice in options.InitialMembers.GroupBy(m => m.NodeId).Where(g => g.Count() > 1))
            errors.Add($"InitialMembers has {twice.Key} more than once.");
        foreach (var twice in options.InitialMembers.GroupBy(m => m.Address).Where(g => g.Count() > 1))
            errors.Add($"InitialMembers has the address {twice.Key} more than once.");
        if (!options.IsInitialMember && (options.Seeds.Count == 0 || options.Bootstrap == RaftKvBootstrap.InitialMembers))
            errors.Add($"InitialMembers does not have this node, {options.NodeId}. Correct the NodeId or the list. A node that is to "
                + "join the cluster of these members needs Seeds as well, or no InitialMembers.");
    }

    private static void CheckBootstrap(RaftKvOptions options, List<string> errors)
    {
        if (options.HasDefaultNodeId && options.InitialMembers.Count + options.Seeds.Count > 0)
            errors.Add("NodeId is not set, and there are InitialMembers or Seeds: every node of a cluster needs a NodeId of its own.");
        if (options.InitialMembers.Count > 0 && HostAndPort.TryParse(options.ListenAddress, out var listen) && listen.Port == 0)
            errors.Add($"ListenAddress is '{options.ListenAddress}', a port that differs from start to start, and there are "
                + "InitialMembers. Set the port at which the others dial this node.");
        if (!Enum.IsDefined(options.Bootstrap))
            errors.Add($"Bootstrap is {(int)options.Bootstrap}; it must be Auto, SingleNode, InitialMembers or Never.");
        if (options.Bootstrap == RaftKvBootstrap.SingleNode && options.Seeds.Count + options.InitialMembers.Count > 0)
            errors.Add("Bootstrap is SingleNode, and there are Seeds or InitialMembers: a cluster of one would stand beside theirs. "
                + "Remove the one or the other.");
        if (options.Bootstrap == RaftKvBootstrap.InitialMembers && options.InitialMembers.Count == 0)
            errors.Add("Bootstrap is InitialMembers, and there are none. Give every node of the new cluster the same list, or set "
                + "Bootstrap to Never on a node that is added later.");
        if (options.Bootstrap == RaftKvBootstrap.Never && options.RestoreFrom is not null)
            errors.Add("Bootstrap is Never, and RestoreFrom would found a cluster. Remove the one or the other.");
    }

    private static void CheckTimes(RaftKvOptions options, List<string> errors)
    {
        Range(errors, nameof(options.HeartbeatInterval), options.HeartbeatInterval,
            TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        Range(errors, nameof(options.ElectionTimeout), options.ElectionTimeout,
            3 * Least(options.HeartbeatInterval, TimeSpan.FromSeconds(20)), TimeSpan.FromSeconds(60));
        Range(errors, nameof(options.RequestTimeout), options.RequestTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10));
        Range(errors, nameof(options.HandOverTimeout), options.HandOverTimeout, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Range(errors, nameof(options.ReplacedDiskTimeout), options.ReplacedDiskTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        if (options.IntegrityCheckInterval != TimeSpan.Zero)
            Range(errors, nameof(options.IntegrityCheckInterval), options.IntegrityCheckInterval,
                TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1));
        Range(errors, nameof(options.MaxClockDrift), options.MaxClockDrift, 0.01, 0.5);
    }

    private static void CheckSizes(RaftKvOptions options, List<string> errors)
    {
        const int mebibyte = 1024 * 1024;
        Range(errors, nameof(options.MaxKeyBytes), options.MaxKeyBytes, 1, 32_768);
        Range(errors, nameof(options.MaxValueBytes), options.MaxValueBytes, 1, 16 * mebibyte);
        Range(errors, nameof(options.MaxTransactionBytes), options.MaxTransactionBytes, 1024, 16 * mebibyte);
        Range(errors, nameof(options.MaxPendingBytes), options.MaxPendingBytes,
            Math.Max(4L * options.MaxValueBytes, options.MaxTransactionBytes), 1L << 40);
        Range(errors, nameof(options.MemoryBudgetBytes), options.MemoryBudgetBytes, StorageBudget.Least(options), 1L << 40);
        Range(errors, nameof(options.ExpectedKeys), options.ExpectedKeys, 1_000, 2_000_000_000);
        Range(errors, nameof(options.LogSegmentBytes), options.LogSegmentBytes, mebibyte, 1024 * mebibyte);
        Range(errors, nameof(options.SnapshotThresholdBytes), options.SnapshotThresholdBytes, 64 * 1024, long.MaxValue);
        Range(errors, nameof(options.DiskWarningBytes), options.DiskWarningBytes, 0, long.MaxValue / 2);
        Range(errors, nameof(options.DiskReserveBytes), options.DiskReserveBytes, 0, long.MaxValue / 2);
        Range(errors, nameof(options.LogRetentionBytes), options.LogRetentionBytes, 0, long.MaxValue);
        Range(errors, nameof(options.WatchHistoryBytes), options.WatchHistoryBytes, 64 * 1024, 1L << 40);
        Range(errors, nameof(options.ScanRetentionBytes), options.ScanRetentionBytes, 64 * 1024, 1L << 40);
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static bool IsLoopback(HostAndPort address) =>
        IPAddress.TryParse(address.Host, out var ip) ? IPAddress.IsLoopback(ip)
            : address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsAnyAddress(HostAndPort address) =>
        IPAddress.TryParse(address.Host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));

    private static void Range<T>(List<string> errors, string option, T value, T least, T most) where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            errors.Add($"{option} is {value}; it must be between {least} and {most}.");
    }
}
