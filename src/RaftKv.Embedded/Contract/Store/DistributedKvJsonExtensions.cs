using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RaftKv.Embedded;

/// <summary>
/// Values as JSON. The overloads that take a <see cref="JsonTypeInfo{T}"/>, from a
/// <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>, use no reflection. Errors are those of the underlying calls.
/// </summary>
public static class DistributedKvJsonExtensions
{
    /// <summary>Reads a value from JSON.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="type">How the value is read.</param>
    /// <param name="options">The consistency asked for.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="JsonException">The value is not such JSON.</exception>
    public static async ValueTask<KvValue<T>> GetJsonAsync<T>(this IDistributedKv kv, string key, JsonTypeInfo<T> type,
        KvReadOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(type);
        return (await kv.GetAsync(key, options, cancellationToken).ConfigureAwait(false)).GetJson(type);
    }

    /// <summary>Reads a value from JSON, by reflection.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="options">The consistency asked for.</param>
    /// <param name="json">How the value is read; <c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="JsonException">The value is not such JSON.</exception>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public static ValueTask<KvValue<T>> GetJsonAsync<T>(this IDistributedKv kv, string key, KvReadOptions options = default,
        JsonSerializerOptions? json = null, CancellationToken cancellationToken = default) =>
        kv.GetJsonAsync(key, JsonByReflection.Of<T>(json), options, cancellationToken);

    /// <summary>Stores a value as JSON.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">How the value is written.</param>
    /// <param name="options">A condition on the key's current state, and its lifetime.</param>
    /// <param name="cancellationToken">Stops the wait; the write may still happen.</param>
    public static ValueTask<KvWriteResult> SetJsonAsync<T>(this IDistributedKv kv, string key, T value, JsonTypeInfo<T> type,
        KvSetOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(type);
        return kv.SetAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, type), options, cancellationToken);
    }

    /// <summary>Stores a value as JSON, by reflection.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">A condition on the key's current state, and its lifetime.</param>
    /// <param name="json">How the value is written; <c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    /// <param name="cancellationToken">Stops the wait; the write may still happen.</param>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public static ValueTask<KvWriteResult> SetJsonAsync<T>(this IDistributedKv kv, string key, T value, KvSetOptions options = default,
        JsonSerializerOptions? json = null, CancellationToken cancellationToken = default) =>
        kv.SetJsonAsync(key, value, JsonByReflection.Of<T>(json), options, cancellationToken);

    /// <summary>
    /// As <see cref="DistributedKvWriteExtensions.UpdateAsync(IDistributedKv, string, Func{KvGetResult, byte[]}, CancellationToken)"/>, of
    /// a value in JSON: <c>UpdateJsonAsync("cart/7", cart =&gt; cart with { Items = cart.Items + 1 }, type)</c>.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="next">
    /// Computes the next value; receives <c>default</c> for a key that does not exist. Called once for each attempt: it must have no other
    /// effect. Its exceptions are thrown to the caller, and nothing is written.
    /// </param>
    /// <param name="type">How the value is read and written.</param>
    /// <param name="cancellationToken">Stops the wait; a write that was sent may still happen.</param>
    /// <returns>The value that was stored, with its version.</returns>
    /// <exception cref="JsonException">The current value is not such JSON. Nothing was written.</exception>
    public static async ValueTask<KvValue<T>> UpdateJsonAsync<T>(this IDistributedKv kv, string key, Func<T?, T> next, JsonTypeInfo<T> type,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        ArgumentNullException.ThrowIfNull(type);
        T? stored = default;
        var written = await kv.UpdateAsync(key, current =>
        {
            stored = next(current.GetJson(type).Value);
            return JsonSerializer.SerializeToUtf8Bytes(stored, type);
        }, cancellationToken).ConfigureAwait(false);
        return new KvValue<T> { Found = true, Value = stored, Version = written.Version, ReadAt = written.Version };
    }

    /// <summary>As the overload with type information, by reflection.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="next">Computes the next value; receives <c>default</c> for a key that does not exist.</param>
    /// <param name="json">How the value is read and written; <c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    /// <param name="cancellationToken">Stops the wait; a write that was sent may still happen.</param>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public static ValueTask<KvValue<T>> UpdateJsonAsync<T>(this IDistributedKv kv, string key, Func<T?, T> next,
        JsonSerializerOptions? json = null, CancellationToken cancellationToken = default) =>
        kv.UpdateJsonAsync(key, next, JsonByReflection.Of<T>(json), cancellationToken);

    /// <summary>Adds a set of a value in JSON to a transaction.</summary>
    /// <param name="branch">The operations of the transaction.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; it is serialized at once.</param>
    /// <param name="type">How the value is written.</param>
    /// <param name="options">The lifetime of the key; without a condition.</param>
    /// <returns>The branch.</returns>
    public static KvTransactionBranch SetJson<T>(this KvTransactionBranch branch, string key, T value, JsonTypeInfo<T> type,
        KvSetOptions options = default)
    {
        ArgumentNullException.ThrowIfNull(branch);
        ArgumentNullException.ThrowIfNull(type);
        return branch.Set(key, JsonSerializer.SerializeToUtf8Bytes(value, type), options);
    }

    /// <summary>Adds a set of a value in JSON to a transaction, by reflection.</summary>
    /// <param name="branch">The operations of the transaction.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; it is serialized at once.</param>
    /// <param name="options">The lifetime of the key; without a condition.</param>
    /// <param name="json">How the value is written; <c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    /// <returns>The branch.</returns>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public static KvTransactionBranch SetJson<T>(this KvTransactionBranch branch, string key, T value, KvSetOptions options = default,
        JsonSerializerOptions? json = null) => branch.SetJson(key, value, JsonByReflection.Of<T>(json), options);
}
