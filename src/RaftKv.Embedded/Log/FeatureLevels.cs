namespace RaftKv.Embedded.Log;

/// <summary>
/// What all members of a cluster understand. A level stands in the configuration, only ever rises, and is raised by an entry once every
/// member speaks it.
/// </summary>
internal static class FeatureLevels
{
    /// <summary>Sets, deletes, sessions.</summary>
    public const int First = 1;

    /// <summary>Transactions, lifetimes and leases.</summary>
    public const int Transactions = 2;

    /// <summary>Log time independent of wall clocks, limits that belong to the cluster, proof of the state of a member's disk.</summary>
    public const int Safeguards = 3;

    /// <summary>
    /// Increments keep the time to live, the sliding expiry and the lease of the key, and carry the initial value of a key that does not
    /// exist.
    /// </summary>
    public const int IncrementLifetimes = 4;

    /// <summary>The newest level that this version speaks.</summary>
    public const int Current = IncrementLifetimes;

    /// <summary>The newest level that a node with these options speaks.</summary>
    public static int Of(RaftKvOptions options) => options.FeatureLevel ?? Current;
}
