using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Power;

/// <summary>
/// The power of real file systems is cut, at a random moment or at a certain write or flush, and every start must bring back what was
/// acknowledged. A few cuts by default; with <c>RAFTKV_LONG=1</c> as many as <c>RAFTKV_ROUNDS</c> says. <c>RAFTKV_SEED</c> chooses the
/// cuts.
/// </summary>
public sealed class PowerCutTests : IntegrationTest
{
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("RAFTKV_SEED"), out var seed) ? seed : 1;

    [Fact]
    public async Task A_single_node_loses_nothing_that_was_acknowledged()
    {
        await using var disk = await PowerDisk.CreateAsync();
        var chance = new Random(Seed);
        var cluster = NoNodes(SmallLog);
        var node = cluster.AddNode(more: o => o.DataDirectory = Path.Combine(disk.Path, "data"));
        var all = new List<AckedWrites>();
        for (var round = 0; round < Rounds(2); round++)
        {
            // Cuts during a start, too: of the bootstrap in the first round, of the recovery later.
            if (round % 2 == 0)
                await StartAndCutAsync(disk, node, chance);
            await node.StartAsync();
            all.Add(await WriteAndCutAsync(cluster, disk, node, chance, $"r{round}"));
            await node.StartAsync();
            await node.WaitUntilReadyAsync();
            foreach (var writes in all)
                await writes.AssertAllOnAsync(node);
            await node.KillAsync();
        }
    }

    /// <summary>Acknowledged writes may be lost here. But no start is refused, and the writes that are kept are the first ones.</summary>
    [Fact]
    public async Task A_node_that_keeps_commits_in_the_page_cache_starts_with_a_prefix()
    {
        await using var disk = await PowerDisk.CreateAsync();
        var chance = new Random(Seed);
        var cluster = NoNodes(SmallLog);
        var node = cluster.AddNode(more: o =>
        {
            o.DataDirectory = Path.Combine(disk.Path, "data");
            o.Durability = RaftKvDurability.OsBuffered;
        });
        await node.StartAsync();
        await node.SetAsync("first", "value");
        for (var round = 0; round < Rounds(2); round++)
        {
            var writes = await WriteAndCutAsync(cluster, disk, node, chance, $"r{round}", writers: 1);

            await node.StartAsync();
            await node.WaitUntilReadyAsync();

            var found = (await node.ScanAsync(KvKeyRange.StartingWith("acked/"))).ToDictionary(e => e.Key, e => e.Version);
            var mine = writes.Acknowledged.OrderBy(w => w.Value.Value).ToArray();
            var kept = mine.TakeWhile(w => found.GetValueOrDefault(w.Key) == w.Value).Count();
            Assert.All(mine.Skip(kept), w => Assert.False(found.ContainsKey(w.Key), $"{w.Key} is there, though an earlier write is lost"));
            Output.WriteLine($"round {round}: {kept} of {mine.Length} acknowledged writes are there");
        }
    }

    [Fact]
    public async Task A_restore_is_all_there_or_can_be_repeated()
    {
        await using var disk = await PowerDisk.CreateAsync();
        var chance = new Random(Seed);
        var cluster = NoNodes(SmallLog);
        var old = cluster.AddNode("old");
        await old.StartAsync();
        var writes = new AckedWrites(4, "w", old);
        await writes.WaitForMoreAsync(cluster, 200);
        await writes.StopAsync();
        await old.TakeSnapshotAsync();
        await old.StopAsync();
        var backup = Directory.GetFiles(Path.Combine(old.Options.DataDirectory, "snapshots"), "*.snap").Order(StringComparer.Ordinal).Last();
        for (var round = 0; round < Rounds(2); round++)
        {
            // A copy for each round: a restore leaves a note beside the backup, and with that note the restore of another node is declined.
            var copy = Path.Combine(cluster.Root, $"backup{round}.snap");
            File.Copy(backup, copy);
            var directory = Path.Combine(disk.Path, $"data{round}");
            var node = cluster.AddNode($"new{round}", o => (o.DataDirectory, o.RestoreFrom) = (directory, copy));
            await StartAndCutAsync(disk, node, chance);

            await node.StartAsync();
            await node.WaitUntilReadyAsync();

            foreach (var key in writes.Acknowledged.Keys)
                Assert.Equal(key, await node.GetTextAsync(key));
            await node.StopAsync();
        }
    }

    [Fact]
    public async Task Three_nodes_lose_nothing_when_all_lose_power_at_once_while_members_and_snapshots_change()
    {
        Assert.SkipUnless(IsLong, "Three drives take minutes: RAFTKV_LONG=1 runs this test.");
        var chance = new Random(Seed);
        var disks = new List<PowerDisk>();
        try
        {
            for (var i = 0; i < 3; i++)
                disks.Add(await PowerDisk.CreateAsync());
            var cluster = await FormAsync(3, o =>
            {
                SmallLog(o);
                Steady(o);
                // A learner that is added later has a disk whose power is not cut.
                if (int.Parse(o.NodeId[4..], System.Globalization.CultureInfo.InvariantCulture) is var number && number <= disks.Count)
                    o.DataDirectory = Path.Combine(disks[number - 1].Path, "data");
            });
            var all = new List<AckedWrites>();
            for (var round = 0; round < Rounds(2); round++)
                await CutThreeAsync(cluster, disks, chance, all, round);
        }
        finally
        {
            foreach (var disk in disks)
                await disk.DisposeAsync();
        }
    }

    private static async Task CutThreeAsync(TestCluster cluster, List<PowerDisk> disks, Random chance, List<AckedWrites> all, int round)
    {
        var writes = new AckedWrites(6, $"r{round}", [.. cluster.Nodes.Take(3)]);
        all.Add(writes);
        await writes.WaitForMoreAsync(cluster, 50 + chance.Next(400));
        var admin = AdministerAsync(cluster, chance);
        await Task.Delay(chance.Next(600));
        var victims = chance.Next(3) == 0 ? [chance.Next(3)] : Enumerable.Range(0, 3).ToArray();
        await Task.WhenAll(victims.Select(i => disks[i].CutAsync(new Random(chance.Next()), cluster.Nodes[i])));
        await writes.StopAsync();
        await admin;
        await Task.WhenAll(victims.Select(i => cluster.Nodes[i].StartAsync()));
        await Task.WhenAll(cluster.Nodes.Take(3).Select(n => n.WaitUntilReadyAsync()));
        foreach (var one in all)
        {
            foreach (var node in cluster.Nodes.Take(3))
                await one.AssertAllOnAsync(node);
        }
    }

    /// <summary>One call of an operator meanwhile, which may fail.</summary>
    private static async Task AdministerAsync(TestCluster cluster, Random chance)
    {
        var node = cluster.Nodes[chance.Next(3)];
        try
        {
            switch (chance.Next(3))
            {
                case 0: await node.TakeSnapshotAsync(); break;
                case 1: await node.TransferLeadershipAsync(); break;
                default:
                    await node.AddLearnerAsync(await FreshAsync(cluster));
                    await node.RemoveMemberAsync(cluster.Nodes[^1].NodeId);
                    break;
            }
        }
        catch (Exception e) when (e is NodeCallException or NodeDiedException or NodeDownException or TimeoutException)
        {
            Output.WriteLine($"meanwhile: {e.Message}");
        }
    }

    private static async Task<ClusterNode> FreshAsync(TestCluster cluster)
    {
        var node = cluster.AddNode();
        await node.StartAsync();
        return node;
    }

    private static async Task StartAndCutAsync(PowerDisk disk, ClusterNode node, Random chance)
    {
        if (chance.Next(2) == 0)
            disk.CutAt(1 + chance.Next(40), 0, false);
        else
            disk.CutAt(0, 1 + chance.Next(12), chance.Next(2) == 0);
        var start = node.StartAsync();
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(5) && !disk.IsOff && !start.IsCompleted;)
            await Task.Delay(10);
        Output.WriteLine($"start: {await disk.CutAsync(chance, node, start)}");
    }

    private static async Task<AckedWrites> WriteAndCutAsync(TestCluster cluster, PowerDisk disk, ClusterNode node, Random chance, string name, int writers = 8)
    {
        var writes = new AckedWrites(writers, name, node);
        await writes.WaitForMoreAsync(cluster, 30 + chance.Next(300));
        if (chance.Next(2) == 0)
        {
            disk.CutAt(0, 1 + chance.Next(20), chance.Next(2) == 0);
            for (var waited = System.Diagnostics.Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(3) && !disk.IsOff;)
                await Task.Delay(10);
        }
        var stopped = writes.StopAsync();
        Output.WriteLine($"{name}: {await disk.CutAsync(chance, node)}");
        await stopped;
        return writes;
    }
}
