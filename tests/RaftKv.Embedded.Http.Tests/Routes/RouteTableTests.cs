using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>Every route does what it promises behind every middleware that an app may put in front of it.</summary>
public sealed class RouteTableTests(RouteReplica replica) : IClassFixture<RouteReplica>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    public static TheoryData<string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string>();
            foreach (var middleware in MiddlewareTable.All.Keys)
            {
                foreach (var route in RouteTable.All.Keys)
                    cells.Add(middleware, route);
            }
            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Every_route_works_behind_every_middleware(string middleware, string route)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        var host = await replica.HostAsync(middleware);

        await RouteTable.All[route](new RouteClient(host, $"cell ü+/{Guid.NewGuid():n}", limit.Token));

        Assert.Empty(host.Log.Lines);
    }
}
