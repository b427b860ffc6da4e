using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>Counts the calls of <see cref="GetAsync"/>.</summary>
internal sealed class CountingKv(IDistributedKv inner) : DelegatingDistributedKv(inner)
{
    public int Reads { get; private set; }

    public override ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default,
        CancellationToken cancellationToken = default)
    {
        Reads++;
        return base.GetAsync(key, options, cancellationToken);
    }
}
