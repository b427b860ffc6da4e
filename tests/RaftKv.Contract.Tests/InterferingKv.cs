using RaftKv.Embedded;

namespace RaftKv.Contract.Tests;

/// <summary>Simulates another writer: changes the key after each of the first <paramref name="times"/> reads.</summary>
internal sealed class InterferingKv(IDistributedKv inner, int times) : DelegatingDistributedKv(inner)
{
    public int Reads { get; private set; }

    public override async ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default,
        CancellationToken cancellationToken = default)
    {
        var read = await base.GetAsync(key, options, cancellationToken);
        if (++Reads <= times)
            await Inner.SetStringAsync(key, $"{Reads}", cancellationToken: cancellationToken);
        return read;
    }
}
