using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded;

/// <summary>
/// A list of operations of a <see cref="KvTransaction"/>. Reads see what the operations before them wrote. No two operations may write the same key. Keys, values and
/// limits are checked when the transaction is committed; values are copied then, and not before.
/// </summary>
public sealed class KvTransactionBranch
{
    private readonly List<Item> _items = [];

    internal KvTransactionBranch() { }

    /// <summary>How many operations there are.</summary>
    public int Count => _items.Count;

    internal IReadOnlyList<Item> Items => _items;

    /// <summary>Stores a value.</summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch Set(string key, ReadOnlyMemory<byte> value) => Add(TransactionOperationKind.Put, key, value: value);

    /// <summary>Stores a value with a lifetime.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">How long it lives; without a condition, which is the transaction's to have.</param>
    /// <returns>This branch.</returns>
    /// <exception cref="ArgumentException">The options have a condition, or contradict each other.</exception>
    public KvTransactionBranch Set(string key, ReadOnlyMemory<byte> value, KvSetOptions options)
    {
        if (options.When != default)
            throw new ArgumentException("The conditions of a transaction stand in If; a set in it has none of its own.", nameof(options));
        var lifetime = options.Lifetime;
        return Add(lifetime.IsNone ? TransactionOperationKind.Put : TransactionOperationKind.PutWithLifetime, key, value: value, lifetime: lifetime);
    }

    /// <summary>Deletes a key; that there is none is no error.</summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch Delete(string key) => Add(TransactionOperationKind.Delete, key);

    /// <summary>Deletes all keys of a range, <see cref="KvTransaction.MaxRangeKeys"/> at the most.</summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch DeleteRange(KvKeyRange range)
    {
        _items.Add(new Item(TransactionOperationKind.DeleteRange, null, range, default, 0, default));
        return this;
    }

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
    public KvTransactionBranch Get(string key) => Add(TransactionOperationKind.Get, key);

    /// <summary>
    /// Adds to a number: the value is its decimal text in UTF-8, and a key that does not exist is 0. What is no number, or would leave the range of an
    /// <see cref="long"/>, refuses the whole transaction.
    /// </summary>
    /// <returns>This branch.</returns>
    public KvTransactionBranch Increment(string key, long delta = 1) => Add(TransactionOperationKind.Increment, key, delta: delta);

    private KvTransactionBranch Add(TransactionOperationKind kind, string key, ReadOnlyMemory<byte> value = default, long delta = 0, KvLifetime lifetime = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        _items.Add(new Item(kind, key, default, value, delta, lifetime));
        return this;
    }

    private KvTransactionBranch MarkReserved()
    {
        _items[^1] = _items[^1] with { IsReserved = true };
        return this;
    }

    /// <summary>An operation as it was asked for.</summary>
    internal readonly record struct Item(TransactionOperationKind Kind, string? Key, KvKeyRange Range, ReadOnlyMemory<byte> Value,
        long Delta, KvLifetime Lifetime)
    {
        /// <summary>Whether the library itself writes a reserved key.</summary>
        public bool IsReserved { get; init; }
    }
}
