namespace RaftKv.Embedded;

/// <summary>The answer to a transaction. It was carried out, once: one branch or the other.</summary>
public sealed record KvTransactionResult
{
    /// <summary>Whether all conditions held: <c>true</c> when <see cref="KvTransaction.Then"/> was carried out, <c>false</c> when <see cref="KvTransaction.Else"/> was.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>The transaction's place in the log, and the version of everything it wrote.</summary>
    public required KvVersion Version { get; init; }

    /// <summary>What the operations of the branch gave, in their order; empty when they were not kept, see <see cref="HasResults"/>.</summary>
    public IReadOnlyList<KvOperationResult> Results { get; init; } = [];

    /// <summary>
    /// <c>false</c> in one rare case: the answer to the first attempt was lost (a leader died, say), the library repeated the request, and the replicated memory of
    /// results had no room for this one. It keeps up to 64 KiB of each and 16 MiB of all. The transaction was carried out exactly once all the same, and
    /// <see cref="Succeeded"/> and <see cref="Version"/> are right; only what the operations gave is not known any more.
    /// </summary>
    public bool HasResults { get; init; } = true;
}
