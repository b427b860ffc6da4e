using Xunit;

namespace RaftKv.WebFarm.Tests;

/// <summary>A rolling restart, a killed leader and a wiped server while visitors use the application: no request fails.</summary>
[Collection(FarmCollection.Name)]
public sealed class FarmOperationsTests(Farm farm)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rolling_restart_a_killed_leader_and_a_wiped_server_fail_no_request()
    {
        await farm.ReviveAsync(Cancel);
        await using var visitors = new Visitors(farm);
        await visitors.ServeAsync(Cancel);

        foreach (var node in farm.Nodes)
        {
            await node.StopAsync(Cancel);
            node.Start();
            await node.WaitUntilReadyAsync(Cancel);
            await visitors.ServeAsync(Cancel);
        }

        var killed = await farm.KillLeaderAsync(Cancel);
        await visitors.ServeAsync(Cancel);
        killed.Start();
        await killed.WaitUntilReadyAsync(Cancel);

        var wiped = await farm.KillLeaderAsync(Cancel);
        wiped.Wipe();
        wiped.Start();
        await wiped.WaitUntilReadyAsync(Cancel);
        await visitors.ServeAsync(Cancel);

        await visitors.EndAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"{visitors.Requests:N0} requests, none failed.");
    }
}
