namespace RaftKv.Embedded;

/// <summary>
/// A list of operations of a <see cref="KvTransaction"/>. Reads see what the operations before them wrote. No two operations may write the
/// same key. Keys, values and limits are checked, and values copied, when the transaction is committed, and not before.
/// </summary>
public sealed class KvTransactionBranch
{
    private readonly List<KvTransactionOperation> _operations = [];

    /// <summary>How many operations there are.</summary>
    public int Count => _operations.Count;

    /// <summary>The operations, in their order.</summary>
    public IReadOnlyList<KvTransactionOperation> Operations => _operations;

    /// <summary>Stores a value.</summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch Set(string key, ReadOnlyMemory<byte> value) => Set(key, value, default);

    /// <summary>Stores a value with a lifetime.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">
    /// The lifetime of the key; without a condition, because conditions belong to <see cref="KvTransaction.If"/>.
    /// </param>
    /// <returns>This branch.</returns>
    /// <exception cref="ArgumentException">The options have a condition, or contradict each other.</exception>
    public KvTransactionBranch Set(string key, ReadOnlyMemory<byte> value, KvSetOptions options) =>
        Add(new() { Kind = KvTransactionOperationKind.Set, Key = Checked(key), Value = value, Options = options });

    /// <summary>Deletes a key; a key that does not exist is not an error.</summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch Delete(string key) => Add(new() { Kind = KvTransactionOperationKind.Delete, Key = Checked(key) });

    /// <summary>Deletes all keys of a range, at most <see cref="KvTransaction.MaxRangeKeys"/>.</summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch DeleteRange(KvKeyRange range) => Add(new() { Kind = KvTransactionOperationKind.DeleteRange, Range = range });

    /// <summary>As <see cref="Set(string, ReadOnlyMemory{byte}, KvSetOptions)"/>, for keys that are reserved for the library.</summary>
    internal KvTransactionBranch SetReserved(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default)
    {
        Set(key, value, options);
        return MarkReserved();
    }

    /// <summary>As <see cref="Delete"/>, for keys that are reserved for the library.</summary>
    internal KvTransactionBranch DeleteReserved(string key)
    {
        Delete(key);
        return MarkReserved();
    }

    /// <summary>Reads a key.</summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch Get(string key) => Add(new() { Kind = KvTransactionOperationKind.Get, Key = Checked(key) });

    /// <summary>
    /// Adds to a number: the value is its decimal text in UTF-8, and a key that does not exist is 0. The key keeps its time to live,
    /// sliding expiry and lease; a sliding expiry begins again. When the value is not a number, or the sum is outside the range of an
    /// <see cref="long"/>, the whole transaction is refused.
    /// </summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch Increment(string key, long delta = 1) => Increment(key, delta, default);

    /// <summary>As <see cref="Increment(string, long)"/>, with the initial value and lifetime of a key that does not exist.</summary>
    /// <param name="key">The key.</param>
    /// <param name="delta">What is added.</param>
    /// <param name="options">
    /// The initial value and the lifetime of a key that the increment creates. They do not change a key that exists.
    /// </param>
    /// <returns>This branch.</returns>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    public KvTransactionBranch Increment(string key, long delta, KvIncrementOptions options) =>
        Add(new() { Kind = KvTransactionOperationKind.Increment, Key = Checked(key), Delta = delta, IncrementOptions = options });

    /// <summary>Adds an operation, for example one of another branch with another key.</summary>
    /// <returns>This branch.</returns>
    /// <exception cref="ArgumentException">
    /// The kind is not defined, a key is missing, or the options have a condition or contradict each other.
    /// </exception>
    public KvTransactionBranch Add(KvTransactionOperation operation)
    {
        if (!Enum.IsDefined(operation.Kind))
            throw new ArgumentException("The operation has a kind that does not exist. Nothing was sent.", nameof(operation));
        if (operation.Kind != KvTransactionOperationKind.DeleteRange)
            ArgumentNullException.ThrowIfNull(operation.Key, nameof(operation));
        if (operation.Options.When != default)
        {
            throw new ArgumentException("The conditions of a transaction stand in If; a set in it has none of its own. Nothing was sent.",
                nameof(operation));
        }
        operation.Options.ThrowIfContradictory();
        operation.IncrementOptions.Lifetime.ThrowIfContradictory();
        _operations.Add(operation);
        return this;
    }

    private static string Checked(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key;
    }

    private KvTransactionBranch MarkReserved()
    {
        _operations[^1] = _operations[^1] with { IsReserved = true };
        return this;
    }
}
