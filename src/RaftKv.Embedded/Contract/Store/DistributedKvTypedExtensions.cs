using System.Buffers;
using System.Text;

namespace RaftKv.Embedded;

/// <summary>Values as text in UTF-8. Errors are those of the underlying calls.</summary>
public static class DistributedKvTypedExtensions
{
    /// <summary>Reads a value as text.</summary>
    /// <returns>The text; <c>null</c> when the key does not exist. Bytes that are not UTF-8 become U+FFFD.</returns>
    public static async ValueTask<string?> GetStringAsync(this IDistributedKv kv, string key, KvReadOptions options = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        return (await kv.GetAsync(key, options, cancellationToken).ConfigureAwait(false)).GetString();
    }

    /// <summary>Stores text as UTF-8.</summary>
    public static ValueTask<KvWriteResult> SetStringAsync(this IDistributedKv kv, string key, string value, KvSetOptions options = default,
        CancellationToken cancellationToken = default)
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
}
