using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Recovery;

/// <summary>
/// Recovers a cluster that has lost its quorum permanently: inspects the data directories that are left, reports which writes may be lost,
/// and creates a new cluster from the best of the directories. Offline: the nodes must be stopped.
/// </summary>
public static class RaftKvRecovery
{
    /// <summary>Inspects the data directory of a stopped node, and verifies its log. Changes no data.</summary>
    /// <param name="dataDirectory">The node's data directory.</param>
    /// <param name="upToDamage">
    /// <c>false</c>, the default: a damaged log is an error. <c>true</c>: the log counts up to the damage, which
    /// <see cref="RaftKvSurvivingNode.Damage"/> describes. Acknowledged writes behind the damage are lost, unless another survivor has
    /// them.
    /// </param>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Locked"/>: the node is running. <see cref="RaftKvStorageError.Damaged"/>: the log is damaged, and
    /// <paramref name="upToDamage"/> is <c>false</c>. <see cref="RaftKvStorageError.NotWritable"/>: it is not the data directory of a node.
    /// <see cref="RaftKvStorageError.ForeignDirectory"/>: the node belongs to no cluster.
    /// </exception>
    public static RaftKvSurvivingNode Inspect(string dataDirectory, bool upToDamage = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        using var survivor = SurvivorDirectory.Open(new OsFileSystem(), dataDirectory, upToDamage);
        return survivor.Describe();
    }

    /// <summary>
    /// Ranks the survivors of one cluster, and reports what a recovery from the best of them would keep and what it may lose.
    /// </summary>
    /// <exception cref="ArgumentException">There are no survivors, one is given twice, or they are of different clusters.</exception>
    public static RaftKvRecoveryPlan Plan(IEnumerable<RaftKvSurvivingNode> survivors) => RecoveryPlanner.Plan([.. survivors]);

    /// <summary>
    /// Creates a new cluster with all data of the best survivor, including writes that were never acknowledged. The new cluster has a new
    /// directory and a new cluster id, so that nodes of the old cluster are refused if they come back. The survivor's directory is kept,
    /// but no node starts on it any more. Start the node on the new directory, then add the other nodes, whose directories must be empty.
    /// </summary>
    /// <param name="plan">Made from an inspection on this machine: the best survivor's directory must be reachable.</param>
    /// <param name="newDataDirectory">An empty directory; created if it is missing.</param>
    /// <param name="nodeId">The node's name, as in its options.</param>
    /// <param name="address">The address at which peers will reach the node, host:port.</param>
    /// <param name="confirmedClusterId">
    /// The id of the cluster that is given up. It shows that the caller has read the findings of the plan.
    /// </param>
    /// <param name="cancellationToken">
    /// Ends the recovery. The survivor is unchanged then, the new directory has no cluster, and the recovery can be repeated.
    /// </param>
    /// <exception cref="RaftKvStorageException">
    /// A directory cannot be used, the survivor's data is damaged, or its cluster uses a feature level that this version does not support
    /// (<see cref="RaftKvStorageError.NewerFormat"/>). The survivor's data is unchanged then. When the message names the new cluster, that
    /// cluster exists, and only the survivor's directory could not be marked: call <see cref="Retire"/> for it.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// The directory, the node's name or the address is not valid, another cluster id was confirmed, the survivors are a quorum, or the
    /// best one has changed since the plan was made. Nothing was changed.
    /// </exception>
    public static RaftKvRestored Start(
        RaftKvRecoveryPlan plan, string newDataDirectory, string nodeId, string address, Guid confirmedClusterId,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrWhiteSpace(newDataDirectory);
        NodeIds.ThrowIfInvalid(nodeId);
        if (!HostAndPort.TryParse(address, out _))
            throw new ArgumentException(
                $"'{address}' is not an address of the form host:port, for example 10.0.0.4:1111. Nothing was changed.", nameof(address));
        if (confirmedClusterId != plan.ClusterId)
            throw new ArgumentException(
                $"The recovery gives cluster {plan.ClusterId} up, and {confirmedClusterId} was confirmed. Nothing was changed.",
                nameof(confirmedClusterId));
        if (plan.HasQuorum)
            throw new ArgumentException("The survivors are a quorum: start them, nothing needs to be recovered. Nothing was changed.",
                nameof(plan));
        var files = new OsFileSystem();
        using var survivor = SurvivorDirectory.Open(files, plan.Best.DataDirectory, upToDamage: plan.Best.Damage is not null);
        var found = survivor.Describe();
        if ((found.Incarnation, found.LastTerm, found.LastVersion) != (plan.Best.Incarnation, plan.Best.LastTerm, plan.Best.LastVersion))
            throw new ArgumentException(
                $"{plan.Best.DataDirectory} has changed since the plan was made. Nothing was changed; inspect it again.", nameof(plan));
        using var cluster = NewCluster.Prepare(files, newDataDirectory, nodeId, address);
        var restored = survivor.StartWith(cluster, cancellationToken);
        survivor.RetireAfterRecovery(files, restored.ClusterId, newDataDirectory);
        return restored;
    }

    /// <summary>
    /// Marks the directory of another survivor, so that no node starts on it any more: its cluster was replaced. Its data is kept.
    /// </summary>
    /// <exception cref="RaftKvStorageException">The directory cannot be used.</exception>
    public static void Retire(string dataDirectory, Guid newClusterId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        var files = new OsFileSystem();
        // A damaged directory is accepted: it is only marked.
        using var survivor = SurvivorDirectory.Open(files, dataDirectory, upToDamage: true);
        survivor.Retire(files, newClusterId);
    }
}
