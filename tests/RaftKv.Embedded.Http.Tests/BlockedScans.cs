using System.Runtime.CompilerServices;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>A store whose scans wait until the test goes on.</summary>
internal sealed class BlockedScans(IDistributedKv inner, Task goesOn) : DelegatingDistributedKv(inner)
{
    public override async IAsyncEnumerable<KvEntry> ScanAsync(
        KvKeyRange range, KvScanOptions options = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await goesOn.WaitAsync(cancellationToken);
        await foreach (var entry in Inner.ScanAsync(range, options, cancellationToken))
            yield return entry;
    }
}
