namespace RaftKv.Embedded;

/// <summary>
/// The options of one replica. Only <see cref="DataDirectory"/> is required, unless <see cref="Durability"/> is
/// <see cref="RaftKvDurability.Memory"/>. They are validated when the host starts, and every error is
/// reported at once. When the configuration changes while the host runs, these are taken over without a restart: <see cref="PeerSecrets"/>,
/// <see cref="RequestTimeout"/>, <see cref="HandOverTimeout"/>, <see cref="IntegrityCheckInterval"/>, <see cref="DiskWarningBytes"/>,
/// <see cref="DiskReserveBytes"/>, <see cref="SnapshotThresholdBytes"/> and <see cref="LogRetentionBytes"/>. For all others the log says
/// that a restart is needed (194); invalid ones are ignored (195).
/// </summary>
public sealed class RaftKvOptions
{
    /// <summary>The configuration section the options are bound from by convention.</summary>
    public const string SectionName = "RaftKv";

    /// <summary>
    /// An instance of its own: the same text set by a user is another one, so that a name that was never set is known as such.
    /// </summary>
    private static readonly string DefaultNodeId = new("node1".AsSpan());

    internal const string DefaultListenAddress = "127.0.0.1:0";

    /// <summary>This node's name in the cluster: 1 to 64 letters, digits, '.', '_' or '-'. The default value is <c>node1</c>.</summary>
    public string NodeId { get; set; } = DefaultNodeId;

    /// <summary>Where the log, the snapshots and the identity live. One process per directory. Required; not used when
    /// <see cref="Durability"/> is <see cref="RaftKvDurability.Memory"/>.</summary>
    public string DataDirectory { get; set; } = "";

    /// <summary>
    /// Where this node listens for its peers, host:port. The default value is where <see cref="InitialMembers"/> have this node: at that
    /// address, or, when it is a name, on that port of all interfaces. Without them it is <c>127.0.0.1:0</c>: a free port of the loopback
    /// interface, which suits a cluster of one.
    /// </summary>
    public string ListenAddress { get; set; } = DefaultListenAddress;

    /// <summary>
    /// Where its peers reach this node, host:port. The default value is the listen address, which then must name a host, not 0.0.0.0.
    /// </summary>
    public string? AdvertiseAddress { get; set; }

    /// <summary>
    /// The members of a cluster that starts for the first time: the same list on every node, this one included. The cluster forms once all
    /// of them run and see each other, in whatever order they start; from then on more than half of them suffice. Read only while the data
    /// directory has no cluster. A node that the list does not have, and that has <see cref="Seeds"/>, joins their cluster. In a
    /// configuration the list, or an item of it, may be a text: <c>node1=10.0.0.1:7001, node2=10.0.0.2:7001</c>. Empty (the default) is
    /// none: <see cref="Bootstrap"/> says what happens then.
    /// </summary>
    public IList<RaftKvMember> InitialMembers { get; } = [];

    /// <summary>
    /// Addresses, host:port, of any nodes of the cluster. While the data directory has no cluster, the node asks them to admit it, again
    /// and again until one does: it becomes a learner and, once it has caught up, a voter. It never founds a cluster then, unless there are
    /// <see cref="InitialMembers"/> as well. Later the seeds serve to find the members again when their addresses have changed. Empty (the
    /// default) is none.
    /// </summary>
    public IList<string> Seeds { get; } = [];

    /// <summary>
    /// How the node gets a cluster while its data directory has none. The default value is <see cref="RaftKvBootstrap.Auto"/>: with
    /// <see cref="InitialMembers"/> they found one together; a node with none of <see cref="InitialMembers"/>, <see cref="Seeds"/>,
    /// <see cref="AdvertiseAddress"/> and a <see cref="ListenAddress"/> of its own founds a cluster of one with its first write; every
    /// other node waits until a cluster admits it, and says for what it waits in <see cref="RaftKvStatus.WaitsFor"/> and, every 10 s, in
    /// the log.
    /// </summary>
    public RaftKvBootstrap Bootstrap { get; set; }

    /// <summary>
    /// How many members vote while there are so many: 3, 5 or 7; the others stand by as learners, with all the data, and take the place of
    /// a voter that has been silent for 30 s, when that is safe. 0 (the default): every member votes that was not added as
    /// <see cref="RaftKvMemberRole.Learner"/>. The same on every node.
    /// </summary>
    public int TargetVoters { get; set; }

    /// <summary>
    /// How long a member must have been silent before a node of its name with another, empty data directory is admitted in its place.
    /// Within this time a machine that restarts keeps its directory: when it is heard again, nothing is changed. The default value is 30 s;
    /// 1 s to 1 day, and never less than two election timeouts.
    /// </summary>
    public TimeSpan ReplacedDiskTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A file that <see cref="IRaftKvCluster.BackupAsync"/> wrote. While the data directory has no cluster, the node starts with what it
    /// holds, as the only member of a new cluster, to which the others, with empty directories and without this option, are added. Remove
    /// the option after the first start: later starts ignore it and log a warning. If the disk of the node is replaced while the option is
    /// still there, nothing is restored again: for 5 s the node listens whether a living cluster counts it among its members, and then
    /// joins that; and a file <c>*.restored</c>, which the first restore leaves beside the backup, refuses a second one. Excludes
    /// <see cref="Seeds"/> and <see cref="InitialMembers"/>. The default value is <c>null</c>. See
    /// <see cref="Recovery.RaftKvBackup.RestoreAsync"/>.
    /// </summary>
    public string? RestoreFrom { get; set; }

    /// <summary>
    /// Peers prove themselves to each other with certificates, and everything between them is encrypted (mutual TLS). <c>null</c> (the
    /// default) is off. The same on every node.
    /// </summary>
    public RaftKvTlsOptions? PeerTls { get; set; }

    /// <summary>
    /// Secrets of the cluster, each at least 32 bytes and random (<c>openssl rand -base64 32</c>). Peers prove to each other that they know
    /// one, without sending it, and every message is authenticated under a key of its connection: nothing can be forged, changed, repeated
    /// or redirected. Nothing is hidden: an eavesdropper reads everything, and may cut connections. For that, and for telling nodes apart,
    /// use <see cref="PeerTls"/>, alone or besides. This node proves the first secret and takes each: to change it, add the new one at the
    /// end on every node, then make it the first, then remove the old one. Empty (the default) is off.
    /// </summary>
    public IList<string> PeerSecrets { get; } = [];

    /// <summary>
    /// Listen on an address that is not loopback although peers are not authenticated, neither by <see cref="PeerTls"/> nor by <see
    /// cref="PeerSecrets"/>. A process that reaches the port can read and write everything. The default value is <c>false</c>; <c>true</c>
    /// without authentication is logged as a warning at each start.
    /// </summary>
    public bool AllowInsecurePeers { get; set; }

    /// <summary>How often the leader says that it lives. The default value is 50 ms; 10 ms to 10 s.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long a follower waits for its leader before it stands for election: a random time between one and two of these. The
    /// default value is 250 ms; at least 3 heartbeats, at most 60 s.
    /// </summary>
    public TimeSpan ElectionTimeout { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// By how much the clocks of two nodes may drift apart during one election timeout, as a fraction. A leader's lease is shortened by it.
    /// The default value is 0.1; 0.01 to 0.5.
    /// </summary>
    public double MaxClockDrift { get; set; } = 0.1;

    /// <summary>How long a call waits for a leader and a quorum. The default value is 5 s; 10 ms to 10 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest key that this node allows, in bytes of UTF-8. The default value is 4,096; 1 to 32,768. The cluster's limit counts on
    /// every node: it begins as the smallest of the initial members' and rises when every member allows more; it never falls.
    /// </summary>
    public int MaxKeyBytes { get; set; } = 4 * 1024;

    /// <summary>
    /// The longest value that this node allows, in bytes. The default value is 1 MiB; 1 to 16 MiB. The cluster's limit counts, as for
    /// <see cref="MaxKeyBytes"/>.
    /// </summary>
    public int MaxValueBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// The largest transaction that this node allows: keys, values and operations together, in bytes. The default value is 4 MiB; 1 KiB to
    /// 16 MiB. The cluster's limit counts, as for <see cref="MaxKeyBytes"/>.
    /// </summary>
    public int MaxTransactionBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// How many bytes of writes may wait on this node; beyond it a write is refused as <see cref="RaftKvUnavailableReason.Overloaded"/>.
    /// The default value is 64 MiB; at least four times <see cref="MaxValueBytes"/>, and at least <see cref="MaxTransactionBytes"/>.
    /// </summary>
    public long MaxPendingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// The memory the store's records may take before the coldest go to disk, in bytes. The default value is 64 MiB; 16 MiB to 1 TiB. When
    /// <see cref="Durability"/> is <see cref="RaftKvDurability.Memory"/> it bounds the log, the snapshots and the records together, and
    /// about a fifth of it can be data: beyond that, writes that add data are refused
    /// (<see cref="RaftKvUnavailableReason.NoSpace"/>), as on a disk that is full. The least is 24 MiB then, or more with a
    /// <see cref="MaxValueBytes"/> or <see cref="MaxTransactionBytes"/> above the default.
    /// </summary>
    public long MemoryBudgetBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// How many keys are expected: sizes the store's index up front, eight bytes each. The default value is 1,000,000; 1,000 to 2 billion.
    /// </summary>
    public long ExpectedKeys { get; set; } = 1_000_000;

    /// <summary>
    /// The size of one file of the log, in bytes. The default value is 64 MiB; 1 MiB to 1 GiB. At most a 32nd of the volume, and 1 MiB at
    /// least.
    /// </summary>
    public int LogSegmentBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// How many bytes of log may follow the last snapshot before the next is taken; as many as that snapshot has, when it is larger, so
    /// that snapshots never write more than the log does. Members wait for up to a quarter more, each for another share of it, so that they
    /// do not all write at once. The default value is 256 MiB; 64 KiB and up.
    /// </summary>
    public long SnapshotThresholdBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>
    /// How many bytes of log behind a snapshot are kept, so that a node that was away briefly needs no snapshot. The default value is 32
    /// MiB.
    /// </summary>
    public long LogRetentionBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>
    /// How many bytes of changes a node remembers for watches that begin in the past or are slow. The default value is 16 MiB; 64 KiB to 1
    /// TiB.
    /// </summary>
    public long WatchHistoryBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// Whether the node remembers with each change what the key held before it, so that watches on this node can ask for
    /// <see cref="KvWatchOptions.PreviousValues"/>. Each write then reads the value that it replaces, and the changes take about twice as
    /// many of the <see cref="WatchHistoryBytes"/>. The default value is <c>false</c>. Nodes may differ.
    /// </summary>
    public bool WatchPreviousValues { get; set; }

    /// <summary>
    /// How many bytes of overwritten values are kept for scans under way; beyond that the oldest scan ends. The default value is 16 MiB; 64
    /// KiB to 1 TiB.
    /// </summary>
    public long ScanRetentionBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>What "written" means before a write is acknowledged. The default value is <see cref="RaftKvDurability.Fsync"/>.</summary>
    public RaftKvDurability Durability { get; set; } = RaftKvDurability.Fsync;

    /// <summary>
    /// How often the leader has all members compare their copies at one version, while there are writes. A member that differs from the
    /// majority serves nothing until its copy is replaced. The default value is 1 s; zero turns it off, otherwise 10 ms and up. The same on
    /// every node.
    /// </summary>
    public TimeSpan IntegrityCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// With fewer free bytes than this above its reserve, the node takes snapshots early, so that its log can be cut, keeps one snapshot
    /// instead of two, and logs a warning. The default value is 1 GiB, at most an eighth of the volume; 0 turns it off.
    /// </summary>
    public long DiskWarningBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>
    /// How many bytes are kept free beyond what the node needs for its next snapshot, the records that it moves out of memory, and the next
    /// segments of its log. With less than that reserve a member takes no more data: while the leader or a quorum lacks room, writes that
    /// add data are refused (<see cref="RaftKvUnavailableReason.NoSpace"/>); deletes and reads go on, and everything does by itself when
    /// there is room. The default value is 128 MiB, at most a sixteenth of the volume; 0 turns refusals off: what cannot be stored then
    /// waits for room.
    /// </summary>
    public long DiskReserveBytes { get; set; } = 128L * 1024 * 1024;

    /// <summary>How long a stopping leader may take to hand over. The default value is 2 s; 0 to 60 s.</summary>
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether this node founds the cluster together with the other initial members.</summary>
    internal bool IsInitialMember => InitialMembers.Any(m => m.NodeId == NodeId);

    /// <summary>Whether <see cref="NodeId"/> was never set.</summary>
    internal bool HasDefaultNodeId => ReferenceEquals(NodeId, DefaultNodeId);

    /// <summary>
    /// How long a node listens for a cluster that knows it before it restores. A member that does not answer is dialled again after at most
    /// 0.5 s; one attempt takes at most 2 s.
    /// </summary>
    internal TimeSpan RestoreGuardTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A living cluster counts this node among its members, so nothing was restored: the node founds no cluster, and waits until that one
    /// admits it.
    /// </summary>
    internal bool IsRestoreDeclined { get; set; }

    /// <summary>
    /// The newest feature level that this node speaks; <c>null</c> for the newest one there is. Tests play older versions with it.
    /// </summary>
    internal int? FeatureLevel { get; set; }

    /// <summary>
    /// The name that <c>AddKeyedRaftKv</c> was given; <c>null</c> for the cluster of <c>AddRaftKv</c>. Not from a configuration.
    /// </summary>
    internal string? ClusterName { get; private set; }

    /// <summary>Whether peers prove who they are.</summary>
    internal bool AuthenticatesPeers => PeerTls is not null || PeerSecrets.Count > 0;

    /// <summary>Gives the cluster a name.</summary>
    internal void NameCluster(string name) => ClusterName = name;
}
