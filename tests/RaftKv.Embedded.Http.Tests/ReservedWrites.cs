namespace RaftKv.Embedded.Http.Tests;

/// <summary>Writes to reserved keys, which otherwise only the library makes.</summary>
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
