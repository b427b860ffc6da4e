using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace RaftKv.Embedded;

/// <summary>
/// A copy in memory of the keys in a range that is kept up to date: a read of it is a dictionary lookup. It follows this node's own copy,
/// applies a transaction as a whole, and reads the whole state again when it has fallen too far behind. Opened by
/// <see cref="DistributedKvViewExtensions"/>; derive from it for a fake.
/// </summary>
/// <remarks>Safe for any number of threads. To wait for a change, get the token first and read <see cref="Current"/> second.</remarks>
public abstract class KvView<T> : IAsyncDisposable
{
    /// <summary>The newest state. All of its values are of one version.</summary>
    public abstract KvViewState<T> Current { get; }

    /// <summary>The newest value of a key.</summary>
    /// <exception cref="KeyNotFoundException">The key does not exist, or its value could not be decoded.</exception>
    public T this[string key] => Current.Values[key];

    /// <summary>
    /// Completes when the view is not updated any more: after <see cref="DisposeAsync"/>, when the host begins to stop, or with the error
    /// when the node is faulted. Its last state can still be read. While the node is removed from its cluster the view keeps its state; it
    /// is updated again once the node is added again.
    /// </summary>
    public abstract Task Completion { get; }

    /// <summary>Gets the newest value of a key; <c>false</c> when the key does not exist, or its value could not be decoded.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => Current.Values.TryGetValue(key, out value);

    /// <summary>
    /// Returns a token that fires once: after the next change has become visible, or when the view is not updated any more. A token that
    /// is taken after that end never fires, because <see cref="Current"/> does not change any more: a caller that waits for a token waits
    /// for <see cref="Completion"/> as well. A listener of <see cref="ChangeToken.OnChange(Func{IChangeToken}, Action)"/> is called once
    /// for the end, and never again.
    /// </summary>
    public abstract IChangeToken GetChangeToken();

    /// <summary>Ends the updates.</summary>
    public abstract ValueTask DisposeAsync();
}
