using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace RaftKv.Embedded;

/// <summary>
/// An always current copy in memory of the keys in a range: reading it is a look into a dictionary. It follows this node's own copy, takes
/// over a transaction as a whole, and begins anew by itself when it has fallen too far behind. Opened by
/// <see cref="DistributedKvViewExtensions"/>; a fake derives from it.
/// </summary>
/// <remarks>Safe for any number of threads. To wait for a change, ask for the token first and look second.</remarks>
public abstract class KvView<T> : IAsyncDisposable
{
    /// <summary>The newest state: all that is read from it is of one version.</summary>
    public abstract KvViewState<T> Current { get; }

    /// <summary>The newest value of a key.</summary>
    /// <exception cref="KeyNotFoundException">The key is not there.</exception>
    public T this[string key] => Current.Values[key];

    /// <summary>
    /// Completes when the view is not updated any more: after <see cref="DisposeAsync"/>, when the host begins to stop, or with the error
    /// when the node is faulted. What it held can still be read. While the node is removed from its cluster the view stays as it is; it is
    /// updated again once the node is added again.
    /// </summary>
    public abstract Task Completion { get; }

    /// <summary>The newest value of a key; <c>false</c> when it is not there.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => Current.Values.TryGetValue(key, out value);

    /// <summary>Fires once, after the next change has become visible; or when there will be no more.</summary>
    public abstract IChangeToken GetChangeToken();

    /// <summary>Ends the updates.</summary>
    public abstract ValueTask DisposeAsync();
}
