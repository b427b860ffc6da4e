namespace RaftKv.Embedded;

/// <summary>
/// The names under which a replica is measured and traced, for <c>AddMeter</c> and <c>AddSource</c> of OpenTelemetry and for listeners of
/// <c>System.Diagnostics</c>. The names of instruments and spans are in docs/operations.md; measurements and spans never contain a key or a
/// value.
/// </summary>
public static class RaftKvTelemetry
{
    /// <summary>The tag that names the node, of every measurement and span.</summary>
    public const string NodeTag = "raftkv.node";

    /// <summary>
    /// The tag that names the cluster, of the measurements and spans of a cluster that was added with <c>AddKeyedRaftKv</c>.
    /// </summary>
    public const string ClusterTag = "raftkv.cluster";

    /// <summary>The meter. Every measurement has the tag <see cref="NodeTag"/>.</summary>
    public const string MeterName = "RaftKv";

    /// <summary>The source of the spans of writes, reads and operations of the cache.</summary>
    public const string ActivitySourceName = "RaftKv";

    /// <summary>
    /// The source of <c>raftkv.fsync</c>, a separate trace for each sync of the log: up to thousands a second. Listen to it only to examine
    /// a slow disk.
    /// </summary>
    public const string LogActivitySourceName = "RaftKv.Log";
}
