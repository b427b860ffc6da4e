namespace RaftKv.Embedded;

/// <summary>
/// Conditions and two lists of operations: all conditions are checked and one of the lists is carried out in one step, under one version.
/// Readers never see a part of it, and it is carried out once or not at all. Commit it with <see cref="IDistributedKv.CommitAsync"/>.
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
    /// <summary>The most conditions that a transaction may have, and the most operations of each of its branches.</summary>
    public const int MaxOperations = 256;

    /// <summary>The most keys that the ranges of one transaction, in conditions and deletes, may have together.</summary>
    public const int MaxRangeKeys = 10_000;

    private readonly List<KvCompare> _compares = [];

    /// <summary>The conditions. Without any, <see cref="Then"/> is carried out.</summary>
    public IReadOnlyList<KvCompare> Compares => _compares;

    /// <summary>The operations to carry out when all conditions hold.</summary>
    public KvTransactionBranch Then { get; } = new();

    /// <summary>The operations to carry out when at least one condition does not hold.</summary>
    public KvTransactionBranch Else { get; } = new();

    /// <summary>Adds conditions.</summary>
    /// <returns>This transaction.</returns>
    public KvTransaction If(params ReadOnlySpan<KvCompare> compares)
    {
        _compares.AddRange(compares);
        return this;
    }
}
