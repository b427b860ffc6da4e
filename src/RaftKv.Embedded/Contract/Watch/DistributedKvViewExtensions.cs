using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RaftKv.Embedded;

/// <summary>Opens views: copies of keys in memory that are kept up to date.</summary>
public static class DistributedKvViewExtensions
{
    /// <summary>Opens a view of all keys that start with a prefix; it returns once the view has their current state.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="prefix">The prefix of the keys; empty for all keys.</param>
    /// <param name="decode">Converts a value into an object. Its exceptions are in <see cref="KvViewState{T}.Errors"/>.</param>
    /// <param name="consistency">How fresh the first state must be; the view is updated from this node's own copy in any case.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="ArgumentException">The prefix is not valid Unicode.</exception>
    /// <exception cref="RaftKvLimitExceededException">The prefix is too long.</exception>
    /// <exception cref="RaftKvUnavailableException">
    /// No quorum answered within <see cref="RaftKvOptions.RequestTimeout"/>, or this node is stopping, faulted or removed.
    /// </exception>
    public static Task<KvView<T>> OpenViewAsync<T>(this IDistributedKv kv, string prefix, Func<ReadOnlyMemory<byte>, T> decode,
        KvConsistency consistency = KvConsistency.Linearizable, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(prefix);
        ArgumentNullException.ThrowIfNull(decode);
        return WatchedView<T>.OpenAsync(kv, KvKeyRange.StartingWith(prefix), decode, consistency, cancellationToken);
    }

    /// <summary>
    /// As <see cref="OpenViewAsync{T}(IDistributedKv, string, Func{ReadOnlyMemory{byte}, T}, KvConsistency, CancellationToken)"/>, for
    /// values in JSON.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="prefix">The prefix of the keys; empty for all keys.</param>
    /// <param name="type">From a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    /// <param name="consistency">How fresh the first state must be.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    public static Task<KvView<T>> OpenJsonViewAsync<T>(this IDistributedKv kv, string prefix, JsonTypeInfo<T> type,
        KvConsistency consistency = KvConsistency.Linearizable, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        return kv.OpenViewAsync(prefix, value => JsonSerializer.Deserialize(value.Span, type)!, consistency, cancellationToken);
    }

    /// <summary>As the overload with type information, by reflection.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="prefix">The prefix of the keys; empty for all keys.</param>
    /// <param name="consistency">How fresh the first state must be.</param>
    /// <param name="json">How values are read; <c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public static Task<KvView<T>> OpenJsonViewAsync<T>(this IDistributedKv kv, string prefix,
        KvConsistency consistency = KvConsistency.Linearizable, JsonSerializerOptions? json = null,
        CancellationToken cancellationToken = default) =>
        kv.OpenJsonViewAsync(prefix, JsonByReflection.Of<T>(json), consistency, cancellationToken);

    /// <summary>
    /// As <see cref="OpenViewAsync{T}(IDistributedKv, string, Func{ReadOnlyMemory{byte}, T}, KvConsistency, CancellationToken)"/>, for
    /// values that are text in UTF-8.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="prefix">The prefix of the keys; empty for all keys.</param>
    /// <param name="consistency">How fresh the first state must be.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    public static Task<KvView<string>> OpenStringViewAsync(this IDistributedKv kv, string prefix,
        KvConsistency consistency = KvConsistency.Linearizable, CancellationToken cancellationToken = default) =>
        kv.OpenViewAsync(prefix, static value => Encoding.UTF8.GetString(value.Span), consistency, cancellationToken);
}
