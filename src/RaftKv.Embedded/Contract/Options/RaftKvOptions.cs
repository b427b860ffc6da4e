namespace RaftKv.Embedded;

/// <summary>
/// The options of one replica. Only <see cref="DataDirectory"/> is required, unless <see cref="Durability"/> is
/// <see cref="RaftKvDurability.Memory"/>. They are validated when the host starts, and all errors are reported together. When the
/// configuration changes while the host runs, these are applied without a restart: <see cref="PeerSecrets"/>, <see cref="RequestTimeout"/>,
/// <see cref="HandOverTimeout"/>, <see cref="IntegrityCheckInterval"/>, <see cref="DiskWarningBytes"/>, <see cref="DiskReserveBytes"/>,
/// <see cref="SnapshotThresholdBytes"/> and <see cref="LogRetentionBytes"/>. For all others the log says that a restart is needed (194); a
/// change with invalid options is ignored as a whole (195).
/// </summary>
public sealed class RaftKvOptions
{
    /// <summary>The configuration section that the options are bound to by default.</summary>
    public const string SectionName = "RaftKv";

    /// <summary>
    /// A separate string instance, compared by reference: the same text set by a user is another instance, so
    /// <see cref="HasDefaultNodeId"/> can tell that the name was never set.
    /// </summary>
    private static readonly string DefaultNodeId = new("node1".AsSpan());

    internal const string DefaultListenAddress = "127.0.0.1:0";

    /// <summary>This node's name in the cluster: 1 to 64 letters, digits, '.', '_' or '-'. The default value is <c>node1</c>.</summary>
    public string NodeId { get; set; } = DefaultNodeId;

    /// <summary>
    /// The directory of the log, the snapshots and the identity of the node. One process per directory. Required; not used when
    /// <see cref="Durability"/> is <see cref="RaftKvDurability.Memory"/>.
    /// </summary>
    public string DataDirectory { get; set; } = "";

    /// <summary>
    /// Where this node listens for its peers, host:port. The default value is taken from <see cref="InitialMembers"/>: the address of this
    /// node in the list, or, when that is a name, its port on all interfaces. Without initial members it is <c>127.0.0.1:0</c>: a free port
    /// of the loopback interface, which suits a cluster of one.
    /// </summary>
    public string ListenAddress { get; set; } = DefaultListenAddress;

    /// <summary>
    /// Where its peers reach this node, host:port. The default value is the listen address, which then must name a host, not 0.0.0.0.
    /// </summary>
    public string? AdvertiseAddress { get; set; }

    /// <summary>
    /// The members of a cluster that starts for the first time: the same list on every node, this one included. The cluster forms once all
    /// of them run and reach each other, in whatever order they start; from then on more than half of them suffice. Read only while the
    /// data directory has no cluster. A node that is not in the list, and that has <see cref="Seeds"/>, joins the cluster of the seeds. In
    /// a configuration, the list or an item of it may be a text: <c>node1=10.0.0.1:7001, node2=10.0.0.2:7001</c>. Empty (the default):
    /// <see cref="Bootstrap"/> says what happens then.
    /// </summary>
    public IList<RaftKvMember> InitialMembers { get; } = [];

    /// <summary>
    /// Addresses, host:port, of any nodes of the cluster. While the data directory has no cluster, the node asks them to admit it, again
    /// and again until one does: it becomes a learner and, once it has caught up, a voter. It never founds a cluster then, unless there are
    /// <see cref="InitialMembers"/> as well. Later the node uses the seeds to find the members again when their addresses have changed.
    /// Empty by default.
    /// </summary>
    public IList<string> Seeds { get; } = [];

    /// <summary>
    /// How the node gets a cluster while its data directory has none. The default value is <see cref="RaftKvBootstrap.Auto"/>: the nodes of
    /// <see cref="InitialMembers"/> found one together; a node with none of <see cref="InitialMembers"/>, <see cref="Seeds"/>,
    /// <see cref="AdvertiseAddress"/> and a <see cref="ListenAddress"/> other than the default founds a cluster of one with its first
    /// write; every other node waits until a cluster admits it, and says what it waits for in <see cref="RaftKvStatus.WaitsFor"/> and,
    /// every 10 s, in the log.
    /// </summary>
    public RaftKvBootstrap Bootstrap { get; set; }

    /// <summary>
    /// The target number of voters: 3, 5 or 7. Further members are learners with all the data, and take the place of a voter that has been
    /// silent for 30 s, when that is safe. 0 (the default): every member votes that was not added as
    /// <see cref="RaftKvMemberRole.Learner"/>. The same on every node.
    /// </summary>
    public int TargetVoters { get; set; }

    /// <summary>
    /// How long a member must have been silent before a node of its name with another, empty data directory is admitted in its place.
    /// Within this time, a machine that restarts with its old directory keeps its membership unchanged. The default value is 30 s; 1 s to 1
    /// day, and never less than two election timeouts.
    /// </summary>
    public TimeSpan ReplacedDiskTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A file that <see cref="IRaftKvCluster.BackupAsync"/> wrote. While the data directory has no cluster, the node starts with the
    /// content of the backup, as the only member of a new cluster. The other nodes, with empty directories and without this option, are
    /// added to it. Remove the option after the first start: later starts ignore it and log a warning. If the disk of the node is replaced
    /// while the option is still set, nothing is restored again: for 5 s the node waits for a message of a running cluster that has it
    /// among its members, and then joins that cluster; and a file <c>*.restored</c>, which the first restore writes next to the backup,
    /// makes a second restore fail. Cannot be combined with <see cref="Seeds"/> and <see cref="InitialMembers"/>. The default value is
    /// <c>null</c>. See <see cref="Recovery.RaftKvBackup.RestoreAsync"/>.
    /// </summary>
    public string? RestoreFrom { get; set; }

    /// <summary>
    /// Peers authenticate each other with certificates, and everything between them is encrypted (mutual TLS). <c>null</c> (the default) is
    /// off. The same on every node.
    /// </summary>
    public RaftKvTlsOptions? PeerTls { get; set; }

    /// <summary>
    /// Secrets of the cluster, each at least 32 bytes and random (<c>openssl rand -base64 32</c>). Peers prove to each other that they know
    /// one, without sending it, and every message is authenticated under a key of its connection: messages cannot be forged, changed,
    /// repeated or redirected. Nothing is encrypted: an eavesdropper can read everything, and may cut connections. For encryption, and to
    /// tell nodes apart, use <see cref="PeerTls"/>, alone or in addition. This node proves the first secret and accepts each of them: to
    /// change the secret, add the new one at the end on every node, then make it the first, then remove the old one. Empty (the default) is
    /// off.
    /// </summary>
    public IList<string> PeerSecrets { get; } = [];

    /// <summary>
    /// Allows to listen on an address that is not loopback although peers are not authenticated, neither by <see cref="PeerTls"/> nor by
    /// <see cref="PeerSecrets"/>. A process that reaches the port can read and write everything. The default value is <c>false</c>;
    /// <c>true</c> without authentication is logged as a warning at each start.
    /// </summary>
    public bool AllowInsecurePeers { get; set; }

    /// <summary>The interval at which the leader sends heartbeats. The default value is 50 ms; 10 ms to 10 s.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long a follower waits for its leader before it starts an election: a random time between one and two of these. The default value
    /// is 250 ms; at least 3 heartbeats, at most 60 s.
    /// </summary>
    public TimeSpan ElectionTimeout { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// By how much the clocks of two nodes may drift apart during one election timeout, as a fraction of it. The lease of the leader is
    /// shortened by this fraction. The default value is 0.1; 0.01 to 0.5.
    /// </summary>
    public double MaxClockDrift { get; set; } = 0.1;

    /// <summary>How long a call waits for a leader and a quorum. The default value is 5 s; 10 ms to 10 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest key that this node allows, in bytes of UTF-8. The default value is 4,096; 1 to 32,768. On every node the limit of the
    /// cluster applies: it begins as the smallest value of the initial members and rises when every member allows more; it never falls.
    /// </summary>
    public int MaxKeyBytes { get; set; } = 4 * 1024;

    /// <summary>
    /// The longest value that this node allows, in bytes. The default value is 1 MiB; 1 byte to 16 MiB. The limit of the cluster applies,
    /// as for <see cref="MaxKeyBytes"/>.
    /// </summary>
    public int MaxValueBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// The largest transaction that this node allows: keys, values and operations together, in bytes. The default value is 4 MiB; 1 KiB to
    /// 16 MiB. The limit of the cluster applies, as for <see cref="MaxKeyBytes"/>.
    /// </summary>
    public int MaxTransactionBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// How many bytes of writes may wait on this node; a write that would exceed it is refused as
    /// <see cref="RaftKvUnavailableReason.Overloaded"/>. The default value is 64 MiB; at least four times <see cref="MaxValueBytes"/>, and
    /// at least <see cref="MaxTransactionBytes"/>; 1 TiB at most.
    /// </summary>
    public long MaxPendingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// The memory that the records of the store may take before the coldest are written to disk, in bytes. The default value is 64 MiB; 16
    /// MiB to 1 TiB. When <see cref="Durability"/> is <see cref="RaftKvDurability.Memory"/> it bounds the log, the snapshots and the
    /// records together, and about a fifth of it can be data: beyond that, writes that add data are refused
    /// (<see cref="RaftKvUnavailableReason.NoSpace"/>), as on a full disk. The least value is 24 MiB then, or more with a
    /// <see cref="MaxValueBytes"/> or <see cref="MaxTransactionBytes"/> above the default.
    /// </summary>
    public long MemoryBudgetBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// The expected number of keys: determines the initial size of the store's index, eight bytes for each key. The default value is
    /// 1,000,000; 1,000 to 2 billion.
    /// </summary>
    public long ExpectedKeys { get; set; } = 1_000_000;

    /// <summary>
    /// The size of one file of the log, in bytes. The default value is 64 MiB; 1 MiB to 1 GiB. On a small volume a file has at most a 32nd
    /// of the volume, but at least 1 MiB.
    /// </summary>
    public int LogSegmentBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// How many bytes of log may follow the last snapshot before the next is taken. When that snapshot is larger than this, its size counts
    /// instead, so that snapshots never write more than the log does. Members wait for up to a quarter more, each for a different share, so
    /// that they do not all write at the same time. The default value is 256 MiB; 64 KiB and up.
    /// </summary>
    public long SnapshotThresholdBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>
    /// How many bytes of log before a snapshot are kept, so that a node that was away briefly needs no snapshot. Log that a follower in
    /// contact still needs is kept longer, up to a quarter of the free space above the reserve; when the disk is nearly full, less is kept.
    /// The default value is 32 MiB; 0 and up.
    /// </summary>
    public long LogRetentionBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>
    /// How many bytes of changes a node remembers for watches that begin in the past or are slow. The default value is 16 MiB; 64 KiB to 1
    /// TiB.
    /// </summary>
    public long WatchHistoryBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// Whether the node remembers with each change the value that the key had before, so that watches on this node can ask for
    /// <see cref="KvWatchOptions.PreviousValues"/>. Each write then reads the value that it replaces, and the changes take about twice as
    /// many of the <see cref="WatchHistoryBytes"/>. The default value is <c>false</c>. Nodes may differ.
    /// </summary>
    public bool WatchPreviousValues { get; set; }

    /// <summary>
    /// How many bytes of overwritten values are kept for scans under way; when there are more, the oldest scan ends with
    /// <see cref="RaftKvCompactedException"/>. The default value is 16 MiB; 64 KiB to 1 TiB.
    /// </summary>
    public long ScanRetentionBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>How durable a write is before it is acknowledged. The default value is <see cref="RaftKvDurability.Fsync"/>.</summary>
    public RaftKvDurability Durability { get; set; } = RaftKvDurability.Fsync;

    /// <summary>
    /// How often the leader has all members compare their copies at one version, while there are writes. A member that differs from the
    /// majority serves no calls until its copy is replaced. The default value is 1 s; zero turns it off, otherwise 10 ms to 1 day. The same
    /// on every node.
    /// </summary>
    public TimeSpan IntegrityCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// With fewer free bytes than this above its reserve, the node takes snapshots early, so that its log can be truncated, keeps one
    /// snapshot instead of two, and logs a warning. The default value is 1 GiB, at most an eighth of the volume; 0 turns it off.
    /// </summary>
    public long DiskWarningBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>
    /// How many bytes are kept free in addition to what the node needs for its next snapshot, the records that it moves out of memory, and
    /// the next segments of its log. With less than that reserve a member accepts no more data: while the leader or a quorum lacks room,
    /// writes that add data are refused (<see cref="RaftKvUnavailableReason.NoSpace"/>); deletes and reads continue, and writes are
    /// accepted again once there is room. The default value is 128 MiB, at most a sixteenth of the volume; 0 turns refusals off: a write
    /// that cannot be stored then waits for room.
    /// </summary>
    public long DiskReserveBytes { get; set; } = 128L * 1024 * 1024;

    /// <summary>How long a stopping leader may take to hand over the leadership. The default value is 2 s; 0 to 60 s.</summary>
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether this node founds the cluster together with the other initial members.</summary>
    internal bool IsInitialMember => InitialMembers.Any(m => m.NodeId == NodeId);

    /// <summary>Whether <see cref="NodeId"/> was never set.</summary>
    internal bool HasDefaultNodeId => ReferenceEquals(NodeId, DefaultNodeId);

    /// <summary>
    /// How long a node waits for a message of a cluster that has it as a member, before it restores. A member that does not answer is
    /// dialled again after at most 0.5 s; one attempt takes at most 2 s.
    /// </summary>
    internal TimeSpan RestoreGuardTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A running cluster has this node among its members, so nothing was restored: the node founds no cluster, and waits until that one
    /// admits it.
    /// </summary>
    internal bool IsRestoreDeclined { get; set; }

    /// <summary>
    /// The newest feature level that this node speaks; <c>null</c> for the newest one there is. Tests use it to simulate older versions.
    /// </summary>
    internal int? FeatureLevel { get; set; }

    /// <summary>
    /// The name that <c>AddKeyedRaftKv</c> was given; <c>null</c> for the cluster of <c>AddRaftKv</c>. Not from a configuration.
    /// </summary>
    internal string? ClusterName { get; private set; }

    /// <summary>Whether peers authenticate each other.</summary>
    internal bool AuthenticatesPeers => PeerTls is not null || PeerSecrets.Count > 0;

    /// <summary>Gives the cluster a name.</summary>
    internal void NameCluster(string name) => ClusterName = name;
}
