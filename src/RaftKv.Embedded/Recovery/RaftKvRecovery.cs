using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Recovery;

/// <summary>
/// For a cluster that has lost its quorum for good: looks into what is left, says what may be lost, and begins a new cluster with the best
/// of it. Offline: the nodes must be stopped.
/// </summary>
public static class RaftKvRecovery
{
    /// <summary>Looks into the data directory of a stopped node, and verifies its log. Changes nothing.</summary>
    /// <param name="dataDirectory">The node's data directory.</param>
    /// <param name="upToDamage">
    /// <c>false</c>: a damaged log is an error. <c>true</c>: it counts up to the damage, and <see cref="RaftKvSurvivingNode.Damage"/> says
    /// what is wrong. Acknowledged writes behind the damage are lost, unless another survivor has them.
    /// </param>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Locked"/>: the node is running. <see cref="RaftKvStorageError.Damaged"/>: the log is damaged, and
    /// <paramref name="upToDamage"/> is <c>false</c>. <see cref="RaftKvStorageError.NotWritable"/>: no node's directory.
    /// </exception>
    public static RaftKvSurvivingNode Inspect(string dataDirectory, bool upToDamage = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        using var survivor = SurvivorDirectory.Open(new OsFileSystem(), dataDirectory, upToDamage);
        return survivor.Describe();
    }

    /// <summary>
    /// Ranks the survivors of one cluster and says what a recovery from the best of them would keep and what it may lose.
    /// </summary>
    /// <exception cref="ArgumentException">There are none, one is given twice, or they are of different clusters.</exception>
    public static RaftKvRecoveryPlan Plan(IEnumerable<RaftKvSurvivingNode> survivors) => RecoveryPlanner.Plan([.. survivors]);

    /// <summary>
    /// Begins a new cluster with everything the best survivor has, the writes among it included that were never acknowledged. It gets a
    /// directory of its own and a new cluster id, so that nodes of the old cluster, should they come back, are refused; the survivor's
    /// directory is kept, and does not start any more. Start the node on the new directory, then add the others, empty.
    /// </summary>
    /// <param name="plan">Made from an inspection on this machine: the best survivor's directory must be reachable.</param>
    /// <param name="newDataDirectory">An empty directory, or one that is made.</param>
    /// <param name="nodeId">The node's name, as in its options.</param>
    /// <param name="address">Where peers will reach it, host:port.</param>
    /// <param name="confirmedClusterId">The id of the cluster that is given up: shows that the caller has read the plan's findings.</param>
    /// <param name="cancellationToken">Ends the recovery; nothing has happened then.</param>
    /// <exception cref="RaftKvStorageException">
    /// A directory cannot be used, or the survivor's data is damaged; nothing has happened then.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// Something else was confirmed, the survivors are a quorum, or the best has changed since the plan was made.
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
        survivor.Retire(files, restored.ClusterId);
        return restored;
    }

    /// <summary>Keeps another survivor's directory from starting: its cluster was replaced. Its data stays.</summary>
    /// <exception cref="RaftKvStorageException">The directory cannot be used.</exception>
    public static void Retire(string dataDirectory, Guid newClusterId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        var files = new OsFileSystem();
        // What is kept from starting may be damaged.
        using var survivor = SurvivorDirectory.Open(files, dataDirectory, upToDamage: true);
        survivor.Retire(files, newClusterId);
    }
}
