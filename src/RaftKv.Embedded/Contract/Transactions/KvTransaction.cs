namespace RaftKv.Embedded;

/// <summary>
/// Conditions and what to do: all conditions are checked and one of two lists of operations is carried out in one step, under one version.
/// No reader sees half of it, and it happens once or not at all. Commit it with <see cref="IDistributedKv.CommitAsync"/>.
/// </summary>
/// <example>
/// <code>
/// var transfer = new KvTransaction().If(KvCompare.Version("alice", KvRelation.Equal, alice.Version));
/// transfer.Then.Set("alice", less).Set("bob", more);
/// transfer.Else.Get("alice");
/// KvTransactionResult result = await kv.CommitAsync(transfer);
/// </code>
/// </example>
public sealed class KvTransaction
{
    /// <summary>How many conditions a transaction may have, and how many operations each of its branches.</summary>
    public const int MaxOperations = 256;

    /// <summary>How many keys the ranges of one transaction, in conditions and deletes, may hold together.</summary>
    public const int MaxRangeKeys = 10_000;

    private readonly List<KvCompare> _compares = [];

    /// <summary>The conditions. Without any, <see cref="Then"/> is carried out.</summary>
    public IReadOnlyList<KvCompare> Compares => _compares;

    /// <summary>What to do when all conditions hold.</summary>
    public KvTransactionBranch Then { get; } = new();

    /// <summary>What to do when one of them does not.</summary>
    public KvTransactionBranch Else { get; } = new();

    /// <summary>Adds conditions.</summary>
    /// <returns>This transaction.</returns>
    public KvTransaction If(params ReadOnlySpan<KvCompare> compares)
    {
        _compares.AddRange(compares);
        return this;
    }
}
