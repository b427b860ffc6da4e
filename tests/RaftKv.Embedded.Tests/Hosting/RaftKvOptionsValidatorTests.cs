using RaftKv.Embedded.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>The defaults of the options, and the errors that invalid options cause.</summary>
public sealed class RaftKvOptionsValidatorTests
{
    [Fact]
    public void The_defaults_are_these_and_only_the_data_directory_is_missing()
    {
        var options = new RaftKvOptions();

        Assert.Equal(("node1", "", "127.0.0.1:0", (string?)null), (options.NodeId, options.DataDirectory, options.ListenAddress, options.AdvertiseAddress));
        Assert.Empty(options.InitialMembers);
        Assert.False(options.AllowInsecurePeers);
        Assert.Null(options.PeerTls);
        Assert.Empty(options.PeerSecrets);
        Assert.Equal((50d, 250d, 5_000d, 2_000d), (options.HeartbeatInterval.TotalMilliseconds, options.ElectionTimeout.TotalMilliseconds,
            options.RequestTimeout.TotalMilliseconds, options.HandOverTimeout.TotalMilliseconds));
        Assert.Equal(0.1, options.MaxClockDrift);
        Assert.Equal((4_096, 1 << 20, 64L << 20, 64L << 20), (options.MaxKeyBytes, options.MaxValueBytes, options.MaxPendingBytes, options.MemoryBudgetBytes));
        Assert.Equal((1_000_000L, 64 << 20, 256L << 20, 32L << 20), (options.ExpectedKeys, options.LogSegmentBytes, options.SnapshotThresholdBytes, options.LogRetentionBytes));
        Assert.Equal((16L << 20, 16L << 20), (options.WatchHistoryBytes, options.ScanRetentionBytes));
        Assert.Equal(RaftKvDurability.Fsync, options.Durability);
        Assert.Equal(["DataDirectory is missing; it is the one option without a default: where the log, the snapshots and the identity live."], Errors(options));
        options.DataDirectory = "data";
        Assert.Empty(Errors(options));
    }

    [Fact]
    public void Without_a_disk_there_is_no_data_directory_and_more_memory()
    {
        var options = new RaftKvOptions { Durability = RaftKvDurability.Memory };
        Assert.Empty(Errors(options));

        options.MemoryBudgetBytes = (24 << 20) - 1;
        Assert.StartsWith("MemoryBudgetBytes is 25165823; it must be between 25165824 and", Assert.Single(Errors(options)));
        options.MaxValueBytes = 16 << 20;
        options.MemoryBudgetBytes = 64 << 20;
        Assert.Contains("MemoryBudgetBytes is 67108864", Assert.Single(Errors(options)));
    }

    [Fact]
    public void A_node_without_a_disk_restores_nothing_and_founds_no_cluster_that_others_join()
    {
        var options = new RaftKvOptions { Durability = RaftKvDurability.Memory, RestoreFrom = "backup" };
        Assert.StartsWith("Durability is Memory, and RestoreFrom is set", Assert.Single(Errors(options)));

        options = new RaftKvOptions { Durability = RaftKvDurability.Memory, Bootstrap = RaftKvBootstrap.SingleNode };
        Assert.Empty(Errors(options));
        options.ListenAddress = "127.0.0.1:1111";
        Assert.StartsWith("Durability is Memory, Bootstrap is SingleNode", Assert.Single(Errors(options)));
    }

    [Fact]
    public void Every_error_is_said_at_once()
    {
        var options = new RaftKvOptions
        {
            NodeId = "no spaces",
            Durability = (RaftKvDurability)9,
            ListenAddress = "0.0.0.0:1111",
            HeartbeatInterval = TimeSpan.FromMilliseconds(1),
            ElectionTimeout = TimeSpan.FromMinutes(2),
            RequestTimeout = TimeSpan.Zero,
            HandOverTimeout = TimeSpan.FromSeconds(-1),
            MaxClockDrift = double.NaN,
            MaxKeyBytes = 0,
            MaxValueBytes = 1 << 30,
            MaxTransactionBytes = 1,
            MaxPendingBytes = 1,
            MemoryBudgetBytes = 1,
            ExpectedKeys = 1,
            LogSegmentBytes = 1,
            SnapshotThresholdBytes = 1,
            LogRetentionBytes = -1,
            WatchHistoryBytes = 1,
            ScanRetentionBytes = 1,
        };
        options.InitialMembers.Add(new RaftKvMember { NodeId = "a", Address = "127.0.0.1:1" });
        options.InitialMembers.Add(new RaftKvMember { NodeId = "a", Address = "127.0.0.1:1" });
        options.InitialMembers.Add(new RaftKvMember { NodeId = "b?", Address = "nowhere" });

        string[] beginnings =
        [
            "NodeId is 'no spaces'; it must be 1 to 64 letters",
            "DataDirectory is missing",
            "Durability is 9; it must be Fsync, OsBuffered or Memory.",
            "ListenAddress is '0.0.0.0:1111', which other machines can reach",
            "ListenAddress is '0.0.0.0:1111', which peers cannot dial.",
            "InitialMembers has a node id 'b?'",
            "InitialMembers has the address 'nowhere' for b?",
            "InitialMembers has a more than once.",
            "InitialMembers has the address 127.0.0.1:1 more than once.",
            "InitialMembers does not have this node, no spaces.",
            "HeartbeatInterval is 00:00:00.0010000; it must be between 00:00:00.0100000 and 00:00:10.",
            "ElectionTimeout is 00:02:00; it must be between 00:00:00.0030000 and 00:01:00.",
            "RequestTimeout is 00:00:00; it must be between 00:00:00.0100000 and 00:10:00.",
            "HandOverTimeout is -00:00:01; it must be between 00:00:00 and 00:01:00.",
            "MaxClockDrift is NaN; it must be between 0.01 and 0.5.",
            "MaxKeyBytes is 0; it must be between 1 and 32768.",
            "MaxValueBytes is 1073741824; it must be between 1 and 16777216.",
            "MaxTransactionBytes is 1; it must be between 1024 and 16777216.",
            "MaxPendingBytes is 1; it must be between 4294967296 and 1099511627776.",
            "MemoryBudgetBytes is 1; it must be between 16777216 and 1099511627776.",
            "ExpectedKeys is 1; it must be between 1000 and 2000000000.",
            "LogSegmentBytes is 1; it must be between 1048576 and 1073741824.",
            "SnapshotThresholdBytes is 1; it must be between 65536 and ",
            "LogRetentionBytes is -1; it must be between 0 and ",
            "WatchHistoryBytes is 1; it must be between 65536 and 1099511627776.",
            "ScanRetentionBytes is 1; it must be between 65536 and 1099511627776.",
        ];
        Assert.Collection(Errors(options), [.. beginnings.Select(b => (Action<string>)(error => Assert.StartsWith(b, error)))]);
    }

    [Theory]
    [InlineData("nonsense", null, "ListenAddress is 'nonsense'; it must be host:port")]
    [InlineData("127.0.0.1:1111", "0.0.0.0:1111", "AdvertiseAddress is '0.0.0.0:1111'; it must be a host:port that peers can dial.")]
    [InlineData("127.0.0.1:1111", "host:0", "AdvertiseAddress is 'host:0'; it must be a host:port that peers can dial.")]
    public void Addresses_that_nobody_can_use_are_refused(string listen, string? advertise, string error) =>
        Assert.StartsWith(error, Assert.Single(Errors(new RaftKvOptions { DataDirectory = "data", ListenAddress = listen, AdvertiseAddress = advertise })));

    [Fact]
    public void What_authenticates_peers_is_checked_and_no_secret_is_repeated_in_an_error()
    {
        var options = new RaftKvOptions { DataDirectory = "data", ListenAddress = "10.0.0.1:1111", PeerTls = new() };
        options.PeerSecrets.Add(new string('s', 32));
        options.PeerSecrets.Add("too-short-a-secret");

        Assert.Collection(Errors(options),
            e => Assert.Equal("PeerSecrets[1] is shorter than 32 bytes. It must be random, for example: openssl rand -base64 32.", e),
            e => Assert.StartsWith("PeerTls has neither a CertificateFile nor Credentials", e),
            e => Assert.StartsWith("PeerTls has neither an AuthoritiesFile nor Credentials", e));
        options.PeerSecrets.RemoveAt(1);
        options.PeerTls = new() { Credentials = () => throw new NotSupportedException() };
        Assert.Empty(Errors(options));
        options.PeerTls = null;
        Assert.Empty(Errors(options));
        options.PeerSecrets.Clear();
        Assert.StartsWith("ListenAddress is '10.0.0.1:1111', which other machines can reach, and peers are not authenticated.", Assert.Single(Errors(options)));
    }

    [Fact]
    public void A_time_beyond_all_bounds_is_an_error_like_any_other()
    {
        var options = new RaftKvOptions { DataDirectory = "data", HeartbeatInterval = TimeSpan.MaxValue };

        Assert.Contains(Errors(options), e => e.StartsWith("HeartbeatInterval is ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(RaftKvBootstrap.SingleNode, true, false, false, "Bootstrap is SingleNode, and there are Seeds or InitialMembers")]
    [InlineData(RaftKvBootstrap.SingleNode, false, true, false, "Bootstrap is SingleNode, and there are Seeds or InitialMembers")]
    [InlineData(RaftKvBootstrap.InitialMembers, true, false, false, "Bootstrap is InitialMembers, and there are none.")]
    [InlineData(RaftKvBootstrap.Never, false, false, true, "Bootstrap is Never, and RestoreFrom would found a cluster.")]
    [InlineData((RaftKvBootstrap)9, false, false, false, "Bootstrap is 9; it must be Auto, SingleNode, InitialMembers or Never.")]
    public void A_way_of_founding_that_other_options_contradict_is_refused(RaftKvBootstrap bootstrap, bool seeds, bool members, bool restores, string error)
    {
        var options = new RaftKvOptions { NodeId = "a", DataDirectory = "data", ListenAddress = "127.0.0.1:1", Bootstrap = bootstrap, RestoreFrom = restores ? "kv.backup" : null };
        if (seeds)
            options.Seeds.Add("127.0.0.1:2");
        if (members)
            options.InitialMembers.Add(new RaftKvMember { NodeId = "a", Address = "127.0.0.1:1" });

        Assert.StartsWith(error, Assert.Single(Errors(options)));
    }

    [Fact]
    public void A_restore_beside_seeds_or_initial_members_is_refused()
    {
        var options = new RaftKvOptions { NodeId = "a", DataDirectory = "data", ListenAddress = "127.0.0.1:1", RestoreFrom = "kv.backup" };
        options.Seeds.Add("127.0.0.1:2");
        Assert.StartsWith("RestoreFrom and Seeds are both set", Assert.Single(Errors(options)));

        options.Seeds.Clear();
        options.InitialMembers.Add(new RaftKvMember { NodeId = "a", Address = "127.0.0.1:1" });
        Assert.StartsWith("RestoreFrom and InitialMembers are both set", Assert.Single(Errors(options)));
    }

    [Fact]
    public void A_node_of_a_cluster_needs_a_name_of_its_own_and_a_port_that_the_others_can_know()
    {
        var options = new RaftKvOptions { DataDirectory = "data", ListenAddress = "127.0.0.1:1" };
        options.InitialMembers.Add(new RaftKvMember { NodeId = "node1", Address = "127.0.0.1:1" });
        Assert.StartsWith("NodeId is not set, and there are InitialMembers or Seeds", Assert.Single(Errors(options)));

        // The same name, set by the user.
        options.NodeId = string.Concat("node", "1");
        Assert.Empty(Errors(options));

        options.ListenAddress = new RaftKvOptions().ListenAddress;
        Assert.StartsWith("ListenAddress is '127.0.0.1:0', a port that differs from start to start", Assert.Single(Errors(options)));

        options = new RaftKvOptions { DataDirectory = "data" };
        options.Seeds.Add("127.0.0.1:2");
        Assert.StartsWith("NodeId is not set, and there are InitialMembers or Seeds", Assert.Single(Errors(options)));
    }

    [Fact]
    public void A_node_that_is_no_initial_member_needs_seeds()
    {
        var options = new RaftKvOptions { NodeId = "d", DataDirectory = "data", ListenAddress = "127.0.0.1:4" };
        options.InitialMembers.Add(new RaftKvMember { NodeId = "a", Address = "127.0.0.1:1" });
        Assert.StartsWith("InitialMembers does not have this node, d. Correct the NodeId or the list.", Assert.Single(Errors(options)));

        options.Seeds.Add("127.0.0.1:1");
        Assert.Empty(Errors(options));

        options.Bootstrap = RaftKvBootstrap.InitialMembers;
        Assert.StartsWith("InitialMembers does not have this node, d.", Assert.Single(Errors(options)));
    }

    /// <summary>The errors without the prefix that names the cluster of the options.</summary>
    private static IEnumerable<string> Errors(RaftKvOptions options)
    {
        var errors = new RaftKvOptionsValidator().Validate(null, options).Failures ?? [];
        Assert.All(errors, e => Assert.StartsWith("RaftKv: ", e));
        return errors.Select(e => e["RaftKv: ".Length..]);
    }
}
