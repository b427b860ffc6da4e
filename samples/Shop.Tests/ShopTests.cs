using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded;
using RaftKv.Embedded.Testing;
using Xunit;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>One web server, from request to store, with the store in memory.</summary>
public sealed class ShopTests : IAsyncDisposable
{
    private readonly ShopApp _app = new(services => services.AddInMemoryRaftKv());
    private readonly InMemoryRaftKv _kv;
    private readonly HttpClient _customer;

    public ShopTests() => (_customer, _kv) = (new Customer().At(_app), _app.Services.GetRequiredService<InMemoryRaftKv>());

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_customer_fills_a_cart_orders_it_and_sees_it_shipped()
    {
        await PostAsync("/items/tea?price=300&count=5");
        await PostAsync("/cart/tea");
        await PostAsync("/cart/tea");

        var placed = await _customer.PostAsync("/checkout", null, Token);

        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        var order = await Eventually.IsAsync(
            () => _customer.GetFromJsonAsync<Order>(placed.Headers.Location, Token), o => o?.ShippedBy is not null);
        Assert.Equal(600, order!.Total);
    }

    [Fact]
    public async Task A_checkout_that_is_sent_twice_is_one_order_and_the_next_item_begins_another()
    {
        await PostAsync("/items/tea?price=300&count=5");
        await PostAsync("/cart/tea");

        var first = await _customer.PostAsync("/checkout", null, Token);
        var second = await _customer.PostAsync("/checkout", null, Token);
        await PostAsync("/cart/tea");
        var third = await _customer.PostAsync("/checkout", null, Token);

        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.NotEqual(first.Headers.Location, third.Headers.Location);
        Assert.Equal(3, (await _kv.GetJsonAsync<Item>(Catalogue.KeyOf("tea"), cancellationToken: Token)).Value!.Stock);
    }

    [Fact]
    public async Task A_page_is_made_once_and_again_when_its_item_changes()
    {
        await PostAsync("/items/tea?price=300&count=5");
        Assert.Equal("tea for 300 cents", await _customer.GetStringAsync("/items/tea", Token));
        // HybridCache answers before it has stored the page.
        await Eventually.IsAsync(
            () => _kv.CountAsync(KvKeyRange.StartingWith("cache/pages/"), cancellationToken: Token).AsTask(), count => count == 1);
        await _kv.SetJsonAsync(Catalogue.KeyOf("tea"), new Item("tea", 1, 1), cancellationToken: Token);
        Assert.Equal("tea for 300 cents", await _customer.GetStringAsync("/items/tea", Token));

        await PostAsync("/items/tea?price=320&count=0");

        Assert.Equal("tea for 320 cents", await _customer.GetStringAsync("/items/tea", Token));
    }

    [Fact]
    public async Task A_session_has_five_checkouts_a_minute_until_the_configuration_says_more()
    {
        await PostAsync("/cart/tea");
        for (var i = 0; i < 5; i++)
            Assert.Equal(HttpStatusCode.Conflict, await CheckOutAsync());
        Assert.Equal(HttpStatusCode.TooManyRequests, await CheckOutAsync());

        await _kv.SetStringAsync("config/Shop/CheckoutsPerMinute", "1000", cancellationToken: Token);

        await Eventually.IsAsync(CheckOutAsync, status => status == HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Without_a_leader_the_shop_says_so_and_still_shows_what_it_has()
    {
        await PostAsync("/items/tea?price=300&count=5");
        await PostAsync("/cart/tea");
        _kv.Fail(RaftKvUnavailableReason.NoLeader);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _customer.PostAsync("/cart/tea", null, Token)).StatusCode);
        Assert.Equal(1, (await _customer.GetFromJsonAsync<Cart>("/cart", Token))!.Items["tea"]);

        _kv.Recover();
        Assert.Equal(HttpStatusCode.OK, (await _customer.PostAsync("/cart/tea", null, Token)).StatusCode);
    }

    [Fact]
    public async Task A_write_whose_outcome_is_unknown_is_told()
    {
        // The shop writes by itself too, for example when its leader service starts.
        _kv.FailNextOutcomeUnknown(applied: true, key => key == Catalogue.KeyOf("tea"));

        Assert.Equal(HttpStatusCode.GatewayTimeout, (await _customer.PostAsync("/items/tea?price=300&count=5", null, Token)).StatusCode);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<HttpStatusCode> CheckOutAsync() => (await _customer.PostAsync("/checkout", null, Token)).StatusCode;

    private async Task PostAsync(string path) => (await _customer.PostAsync(path, null, Token)).EnsureSuccessStatusCode();
}
