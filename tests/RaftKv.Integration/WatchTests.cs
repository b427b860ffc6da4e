using RaftKv.Embedded;
using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration;

/// <summary>Watches on all nodes report every change once and in order while the leader is killed, and can resume from a version.</summary>
public sealed class WatchTests : IntegrationTest
{
    [Fact]
    public async Task Watchers_on_every_node_are_told_the_same_while_the_leader_is_killed_and_come_back_behind_what_they_saw()
    {
        var cluster = await FormAsync();
        var range = KvKeyRange.StartingWith("acked/");
        var leader = await cluster.LeaderAsync();
        var others = cluster.Nodes.Where(n => n != leader).ToArray();
        var watches = others.Select(n => n.WatchAsync(range, new KvVersion(1), "acked/~end")).ToArray();
        var writes = new AckedWrites(4, "w", others);
        await writes.WaitForMoreAsync(cluster, 200);
        await leader.KillAsync();
        await writes.WaitForMoreAsync(cluster, 200);
        await writes.StopAsync();
        await others[0].SetAsync("acked/~end", "");

        var told = await Task.WhenAll(watches);
        Assert.Equal(told[0].Select(Place), told[1].Select(Place));
        // Each version comes once and in order, and every acknowledged write is among them.
        Assert.Equal(told[0].Select(e => e.Version).Distinct().Order(), told[0].Select(e => e.Version));
        var versions = told[0].ToDictionary(e => e.Key, e => e.Version);
        Assert.All(writes.Acknowledged, w => Assert.Equal(w.Value, versions[w.Key]));

        await leader.StartAsync();
        var middle = told[0].Length / 2;
        var resumed = await leader.WatchAsync(range, new KvVersion(told[0][middle - 1].Version.Value + 1), "acked/~end");
        Assert.Equal(told[0].Skip(middle).Select(Place), resumed.Select(Place));
    }

    private static (KvEventKind, string, KvVersion, bool) Place(KvEvent e) => (e.Kind, e.Key, e.Version, e.EndsVersion);
}
