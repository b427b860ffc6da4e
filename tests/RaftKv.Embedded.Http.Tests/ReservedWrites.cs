namespace RaftKv.Embedded.Http.Tests;

/// <summary>Writes as the library makes them, for tests of what happens to such keys.</summary>
internal static class ReservedWrites
{
    public static async Task SetReservedAsync(this IDistributedKv kv, string key, ReadOnlyMemory<byte> value,
        CancellationToken cancellationToken)
    {
        var write = new KvTransaction();
        write.Then.SetReserved(key, value);
        await kv.CommitAsync(write, cancellationToken);
    }
}
