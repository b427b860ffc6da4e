namespace RaftKv.Embedded.DataProtection;

/// <summary>Repairs the key ring in the store.</summary>
public static class RaftKvKeyRing
{
    /// <summary>
    /// Deletes one element of the ring, for example one that cannot be read. What a deleted key has protected cannot be unprotected any
    /// more. When a revocation is deleted, the key that it revoked is valid again.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The full key of the element in the store, as the error about the element names it.</param>
    /// <param name="cancellationToken">Stops the wait; the element may be deleted all the same.</param>
    /// <returns>Whether the element existed.</returns>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not the key of an element: it is not below <c>keys/</c> or
    /// <c>revocations/</c>. Nothing was deleted.</exception>
    public static async Task<bool> DeleteElementAsync(IDistributedKv kv, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentException.ThrowIfNullOrEmpty(key);
        var folder = key[..(key.LastIndexOf('/') + 1)];
        if (!folder.EndsWith(RaftKvXmlRepository.KeysFolder, StringComparison.Ordinal)
            && !folder.EndsWith(RaftKvXmlRepository.RevocationsFolder, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"'{key}' is not the key of an element: it is not below keys/ or revocations/. Nothing was deleted.", nameof(key));
        }
        var delete = new KvTransaction().If(KvCompare.Exists(key));
        delete.Then.DeleteReserved(key);
        return (await kv.CommitAsync(delete, cancellationToken).ConfigureAwait(false)).Succeeded;
    }
}
