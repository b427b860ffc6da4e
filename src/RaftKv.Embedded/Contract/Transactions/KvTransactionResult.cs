namespace RaftKv.Embedded;

/// <summary>The answer to a transaction. It was carried out, once: one branch or the other.</summary>
public sealed record KvTransactionResult
{
    /// <summary>
    /// Whether all conditions held: <c>true</c> when <see cref="KvTransaction.Then"/> was carried out, <c>false</c> when
    /// <see cref="KvTransaction.Else"/> was.
    /// </summary>
    public required bool Succeeded { get; init; }

    /// <summary>The transaction's place in the log, and the version of everything it wrote.</summary>
    public required KvVersion Version { get; init; }

    /// <summary>
    /// The results of the branch's operations, in their order; empty when they were not kept, see <see cref="HasResults"/>.
    /// </summary>
    public IReadOnlyList<KvOperationResult> Results { get; init; } = [];

    /// <summary>
    /// <c>false</c> in one rare case: the answer to the first attempt was lost (a leader died, for example), the library repeated the
    /// request, and the replicated memory of results had no room for this one. It keeps up to 64 KiB of each and 16 MiB of all. The
    /// transaction was carried out exactly once all the same, and <see cref="Succeeded"/> and <see cref="Version"/> are right; only the
    /// results of the operations are not known any more.
    /// </summary>
    public bool HasResults { get; init; } = true;

    /// <summary>
    /// The first condition that did not hold, in their order; those behind it were not looked at. <c>null</c> when all held, and in one
    /// rare case: the answer to the first attempt was lost, and the library repeated the request.
    /// </summary>
    public KvFailedCompare? FailedCompare { get; init; }

    /// <summary>The result of the last get of a key.</summary>
    /// <exception cref="KeyNotFoundException">
    /// The branch that was carried out has no get of that key, or the results are not known (<see cref="HasResults"/>).
    /// </exception>
    public KvGetResult GetRead(string key) => Find(key, KvTransactionOperationKind.Get).Read;

    /// <summary>The result of the increment of a key: the new number.</summary>
    /// <exception cref="KeyNotFoundException">As for <see cref="GetRead"/>, for an increment.</exception>
    public long GetNumber(string key) => Find(key, KvTransactionOperationKind.Increment).Number;

    private KvOperationResult Find(string key, KvTransactionOperationKind kind)
    {
        for (var i = Results.Count - 1; i >= 0; i--)
        {
            if (Results[i].Kind == kind && Results[i].Key == key)
                return Results[i];
        }
        throw new KeyNotFoundException(HasResults
            ? $"The branch that was carried out has no {kind} of the key '{key}'."
            : $"The transaction was carried out at version {Version}, but its results were lost. Read the key '{key}'.");
    }
}
