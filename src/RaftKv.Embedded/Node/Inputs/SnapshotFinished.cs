using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>A snapshot attempt is over; <c>Error</c> says why no snapshot was taken.</summary>
internal sealed class SnapshotFinished(EntryId last, ClusterConfiguration configuration, long configurationIndex, Exception? error)
    : ReplicaInput
{
    /// <summary>The disk keeps the log after this entry: see <see cref="Storage.SnapshotStore.FallbackIndex"/>.</summary>
    public long Fallback { get; init; }

    public EntryId Last => last;
    public ClusterConfiguration Configuration => configuration;
    public long ConfigurationIndex => configurationIndex;
    public Exception? Error => error;
}
