namespace RaftKv.Embedded;

/// <summary>Reads of several keys on top of <see cref="IDistributedKv.CommitAsync"/>, which is always linearizable.</summary>
internal static class TransactionalReads
{
    public static async ValueTask<IReadOnlyDictionary<string, KvGetResult>> GetManyAsync(
        IDistributedKv kv, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var asked = keys.Distinct(StringComparer.Ordinal).ToList();
        if (asked.Count > KvTransaction.MaxOperations)
            throw new ArgumentException($"At most {KvTransaction.MaxOperations} keys are read at a time. Nothing was read.", nameof(keys));
        var transaction = new KvTransaction();
        foreach (var key in asked)
            transaction.Then.Get(key);
        var answer = await kv.CommitAsync(transaction, cancellationToken).ConfigureAwait(false);
        if (!answer.HasResults)
            throw new RaftKvUnavailableException(RaftKvUnavailableReason.NotReady, "The answer was lost. Read again.");
        return asked.Index().ToDictionary(k => k.Item, k => answer.Results[k.Index].Read, StringComparer.Ordinal);
    }
}
