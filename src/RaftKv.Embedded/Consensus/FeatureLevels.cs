namespace RaftKv.Embedded.Consensus;

/// <summary>What all members of a cluster understand. A level stands in the configuration, only ever rises, and is raised by an entry once every member speaks it.</summary>
internal static class FeatureLevels
{
    /// <summary>Sets, deletes, sessions.</summary>
    public const int First = 1;

    /// <summary>Transactions, lifetimes and leases.</summary>
    public const int Transactions = 2;

    /// <summary>The newest this version speaks.</summary>
    public const int Current = Transactions;
}
