using System.Net;
using System.Net.Http.Json;
using RaftKv.Embedded;
using RaftKv.Embedded.Testing;
using Xunit;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>Three web servers, each with a real replica; the tests kill their nodes.</summary>
public sealed class ShopClusterTests : IAsyncLifetime
{
    private readonly Customer _customer = new();
    private ShopCluster _shop = null!;

    public async ValueTask InitializeAsync() => _shop = await ShopCluster.StartAsync();

    public ValueTask DisposeAsync() => _shop.DisposeAsync();

    [Fact]
    public async Task Pages_work_while_one_node_of_three_is_dead()
    {
        await PostAsync(_shop.Nodes[0], "/items/tea?price=300&count=5");

        await _shop.Nodes[0].KillAsync();

        foreach (var node in _shop.RunningNodes)
            Assert.Equal("tea for 300 cents", await At(node).GetStringAsync("/items/tea", Token));
        await PostAsync(_shop.Nodes[1], "/items/cake?price=500&count=1");
        Assert.Equal("cake for 500 cents", await At(_shop.Nodes[2]).GetStringAsync("/items/cake", Token));
    }

    [Fact]
    public async Task A_session_survives_the_death_of_the_leader()
    {
        var leader = await _shop.WaitForLeaderAsync();
        await PostAsync(leader, "/cart/tea");

        await leader.KillAsync();

        await _shop.WaitForLeaderAsync();
        foreach (var node in _shop.RunningNodes)
            await PostAsync(node, "/cart/tea");
        foreach (var node in _shop.RunningNodes)
            Assert.Equal(3, (await At(node).GetFromJsonAsync<Cart>("/cart", Token))!.Items["tea"]);
    }

    [Fact]
    public async Task Customers_on_all_nodes_never_buy_more_than_there_is_although_the_leader_dies()
    {
        await PostAsync(_shop.Nodes[0], "/items/tea?price=300&count=4");
        var leader = await _shop.WaitForLeaderAsync();
        var others = _shop.Nodes.Except([leader]).ToList();
        var browsers = Enumerable.Range(0, 10).Select(i => new Customer().At(_shop.AppOn(others[i % 2]))).ToList();
        await Task.WhenAll(browsers.Select(b => b.PostAsync("/cart/tea", null, Token)));

        var checkouts = browsers.Select(CheckOutAsync).ToList();
        await leader.KillAsync();
        var answers = await Task.WhenAll(checkouts);

        Assert.Equal(4, answers.Count(answer => answer == "Placed"));
        Assert.Equal(4, await _shop.Kv.CountAsync(KvKeyRange.StartingWith("orders/"), cancellationToken: Token));
        Assert.Equal(0, (await _shop.Kv.GetJsonAsync<Item>(Catalogue.KeyOf("tea"), cancellationToken: Token)).Value!.Stock);
    }

    [Fact]
    public async Task Orders_are_shipped_by_one_node_and_by_another_one_when_it_dies()
    {
        await PostAsync(_shop.Nodes[0], "/items/tea?price=300&count=5");
        var shippedBy = new List<string?>();
        foreach (var node in _shop.Nodes)
            shippedBy.Add(await OrderAsync(node));
        var shipper = Assert.Single(_shop.Nodes, node => node.Id == shippedBy[0]);
        Assert.All(shippedBy, id => Assert.Equal(shipper.Id, id));
        foreach (var node in _shop.Nodes)
            Assert.Equal(shipper.Id, await At(node).GetStringAsync("/shipping", Token));

        await shipper.KillAsync();

        Assert.NotEqual(shipper.Id, await OrderAsync(_shop.RunningNodes.First()));
    }

    [Fact]
    public async Task A_change_of_the_configuration_is_seen_by_all_nodes()
    {
        await _shop.Kv.SetStringAsync("config/Shop/Banner", "Closed on Monday", cancellationToken: Token);

        foreach (var node in _shop.Nodes)
            await Eventually.IsAsync(() => At(node).GetStringAsync("/", Token), banner => banner == "Closed on Monday");
    }

    [Fact]
    public async Task A_page_is_made_once_for_all_nodes()
    {
        await PostAsync(_shop.Nodes[0], "/items/tea?price=300&count=5");
        Assert.Equal("tea for 300 cents", await At(_shop.Nodes[0]).GetStringAsync("/items/tea", Token));
        // HybridCache answers before it has stored the page.
        await Eventually.IsAsync(
            () => _shop.Kv.CountAsync(KvKeyRange.StartingWith("cache/pages/"), cancellationToken: Token).AsTask(), count => count == 1);
        await _shop.Kv.DeleteAsync(Catalogue.KeyOf("tea"), cancellationToken: Token);

        foreach (var node in _shop.Nodes)
            Assert.Equal("tea for 300 cents", await At(node).GetStringAsync("/items/tea", Token));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private HttpClient At(RaftKvTestNode node) => _customer.At(_shop.AppOn(node));

    private async Task PostAsync(RaftKvTestNode node, string path) =>
        (await At(node).PostAsync(path, null, Token)).EnsureSuccessStatusCode();

    /// <summary>Checks out until the order is placed or the item sold out: a checkout may be sent again, whatever its answer was.</summary>
    private static Task<string> CheckOutAsync(HttpClient browser) => Eventually.IsAsync(async () =>
    {
        var answer = await browser.PostAsync("/checkout", null, Token);
        return answer.StatusCode == HttpStatusCode.Created ? "Placed" : await answer.Content.ReadAsStringAsync(Token);
    }, answer => answer is "Placed" or "SoldOut");

    /// <summary>Orders tea, and waits until it is shipped.</summary>
    private async Task<string?> OrderAsync(RaftKvTestNode node)
    {
        await PostAsync(node, "/cart/tea");
        var placed = (await At(node).PostAsync("/checkout", null, Token)).EnsureSuccessStatusCode();
        var order = await Eventually.IsAsync(
            () => At(node).GetFromJsonAsync<Order>(placed.Headers.Location, Token), o => o?.ShippedBy is not null);
        return order!.ShippedBy;
    }
}
