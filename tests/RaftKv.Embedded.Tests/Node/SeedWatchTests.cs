using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A node of a cluster without a leader asks its seeds, for as long as it runs.</summary>
public sealed class SeedWatchTests
{
    [Fact]
    public void A_probe_that_fails_in_an_unexpected_way_does_not_end_the_watch()
    {
        var node = new InMemoryNode(RaftKvBootstrap.Never);
        node.Identity.Adopt(Guid.NewGuid());
        var options = new RaftKvOptions { NodeId = "a", DataDirectory = "/data", Seeds = { "b:1" } };
        using var ended = new CancellationTokenSource();
        var probes = 0;
        node.Transport.Probing = _ =>
        {
            if (++probes == 2)
                ended.Cancel();
            throw new HttpRequestException("the vault is away");
        };

        new SeedWatch(options, node.Identity, new ContactPoints(options), node.Transport, node.Replica, ended.Token).Run();

        Assert.Equal(2, probes);
    }
}
