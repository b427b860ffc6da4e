using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RaftKv.Embedded;

/// <summary>Values as text in UTF-8 and as JSON, without reflection. Errors are those of the calls they stand for.</summary>
public static class DistributedKvTypedExtensions
{
    /// <summary>Reads a value as text.</summary>
    /// <returns>The text; <c>null</c> when the key does not exist. Bytes that are not UTF-8 come as U+FFFD.</returns>
    public static async ValueTask<string?> GetStringAsync(this IDistributedKv kv, string key, KvReadOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        var read = await kv.GetAsync(key, options, cancellationToken).ConfigureAwait(false);
        return read.Found ? Encoding.UTF8.GetString(read.Value.Span) : null;
    }

    /// <summary>Stores text as UTF-8.</summary>
    public static ValueTask<KvWriteResult> SetStringAsync(this IDistributedKv kv, string key, string value, KvSetOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(value);
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(value.Length));
        try
        {
            // A set copies the value before it returns.
            return kv.SetAsync(key, bytes.AsMemory(0, Encoding.UTF8.GetBytes(value, bytes)), options, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Reads a value from JSON.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="type">From a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    /// <param name="options">The consistency asked for.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="JsonException">The value is not such JSON.</exception>
    public static async ValueTask<KvValue<T>> GetJsonAsync<T>(this IDistributedKv kv, string key, JsonTypeInfo<T> type, KvReadOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(type);
        var read = await kv.GetAsync(key, options, cancellationToken).ConfigureAwait(false);
        return new KvValue<T>
        {
            Found = read.Found,
            Value = read.Found ? JsonSerializer.Deserialize(read.Value.Span, type) : default,
            Version = read.Version,
            ExpiresAt = read.ExpiresAt,
            ReadAt = read.ReadAt,
            Age = read.Age,
        };
    }

    /// <summary>Stores a value as JSON.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">What to store.</param>
    /// <param name="type">From a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    /// <param name="options">A condition on the key's current state.</param>
    /// <param name="cancellationToken">Stops the wait; the write may still happen.</param>
    public static ValueTask<KvWriteResult> SetJsonAsync<T>(this IDistributedKv kv, string key, T value, JsonTypeInfo<T> type, KvSetOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(type);
        return kv.SetAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, type), options, cancellationToken);
    }
}
