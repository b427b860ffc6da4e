using RaftKv.Embedded;
using RaftKv.Embedded.Testing;
using Xunit;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>Unit tests of the checkout: the store in memory, and failures on demand.</summary>
public sealed class CheckoutTests : IDisposable
{
    private readonly InMemoryRaftKv _kv = new();
    private readonly FakePayments _payments = new();
    private readonly Checkout _checkout;

    public CheckoutTests() => _checkout = new Checkout(_kv, _kv.Coordination, _payments);

    public void Dispose() => _kv.Dispose();

    [Fact]
    public async Task A_checkout_takes_the_stock_and_places_the_order()
    {
        await StockAsync("tea", price: 300, count: 5);
        var cart = Cart.New().With("tea").With("tea");

        Assert.Equal(CheckoutResult.Placed, await PlaceAsync(cart));

        Assert.Equal(3, await StockOfAsync("tea"));
        Assert.Equal(600, (await OrderAsync(cart))!.Total);
        Assert.Equal(600, _payments.Reserved[cart.Id]);
    }

    [Fact]
    public async Task A_cart_is_ordered_once_however_often_it_is_tried()
    {
        await StockAsync("tea", count: 5);
        var cart = Cart.New().With("tea");

        for (var i = 0; i < 3; i++)
            Assert.Equal(CheckoutResult.Placed, await PlaceAsync(cart));

        Assert.Equal(4, await StockOfAsync("tea"));
    }

    [Fact]
    public async Task A_cart_with_something_sold_out_changes_nothing()
    {
        await StockAsync("tea", count: 5);
        await StockAsync("cake", count: 0);
        var cart = Cart.New().With("tea").With("cake");

        Assert.Equal(CheckoutResult.SoldOut, await PlaceAsync(cart));

        Assert.Equal(5, await StockOfAsync("tea"));
        Assert.Null(await OrderAsync(cart));
    }

    [Fact]
    public async Task A_cart_that_is_being_checked_out_is_busy()
    {
        await StockAsync("tea", count: 5);
        var cart = Cart.New().With("tea");
        _payments.OnRequest = async (_, _) => Assert.Equal(CheckoutResult.Busy, await PlaceAsync(cart));

        Assert.Equal(CheckoutResult.Placed, await PlaceAsync(cart));
    }

    [Fact]
    public async Task A_lost_lock_stops_the_checkout()
    {
        await StockAsync("tea", count: 5);
        var cart = Cart.New().With("tea");
        _payments.OnRequest = async (_, stop) =>
        {
            await _kv.LoseLockAsync($"checkout/{cart.Id}");
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromMinutes(1), stop));
            stop.ThrowIfCancellationRequested();
        };

        Assert.Equal(CheckoutResult.Interrupted, await PlaceAsync(cart));

        Assert.Equal(5, await StockOfAsync("tea"));
        Assert.Null(await OrderAsync(cart));
    }

    [Fact]
    public async Task A_lock_that_has_ended_unnoticed_stops_the_order()
    {
        await StockAsync("tea", count: 5);
        var cart = Cart.New().With("tea");
        _payments.OnRequest = async (_, _) =>
        {
            var holder = await _kv.Coordination.GetHolderAsync($"checkout/{cart.Id}", Token);
            await _kv.Leases.RevokeAsync(holder!.LeaseId, Token);       // as an operator may
        };

        Assert.Equal(CheckoutResult.Interrupted, await PlaceAsync(cart));

        Assert.Null(await OrderAsync(cart));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_order_whose_outcome_is_unknown_is_placed_once(bool applied)
    {
        await StockAsync("tea", count: 5);
        var cart = Cart.New().With("tea");
        FailFirst(() => _kv.FailNextOutcomeUnknown(applied));

        Assert.Equal(CheckoutResult.Placed, await PlaceAsync(cart));

        Assert.Equal(4, await StockOfAsync("tea"));
        Assert.NotNull(await OrderAsync(cart));
    }

    [Fact]
    public async Task An_election_during_the_checkout_is_not_noticed()
    {
        await StockAsync("tea", count: 5);
        FailFirst(() => _kv.FailNext(RaftKvUnavailableReason.NoLeader, calls: 3));

        Assert.Equal(CheckoutResult.Placed, await PlaceAsync(Cart.New().With("tea")));
    }

    [Fact]
    public async Task Many_customers_never_buy_more_than_there_is()
    {
        await StockAsync("tea", count: 5);
        _payments.OnRequest = async (_, _) => await Task.Yield();       // time for others to change the stock

        var results = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => PlaceAsync(Cart.New().With("tea")))));

        Assert.Equal(0, await StockOfAsync("tea"));
        Assert.Equal(5, results.Count(r => r == CheckoutResult.Placed));
        Assert.Equal(7, results.Count(r => r == CheckoutResult.SoldOut));
        Assert.Equal(5, await _kv.CountAsync(KvKeyRange.StartingWith("orders/"), cancellationToken: Token));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Runs the failure while the bank answers the first request: after the lock was taken, and before the transaction.</summary>
    private void FailFirst(Action failure) => _payments.OnRequest = (number, _) =>
    {
        if (number == 1)
            failure();
        return Task.CompletedTask;
    };

    private Task<CheckoutResult> PlaceAsync(Cart cart) => _checkout.PlaceAsync(cart, Token);

    private async Task StockAsync(string item, int count, int price = 100) =>
        await _kv.SetJsonAsync(Catalogue.KeyOf(item), new Item(item, price, count), cancellationToken: Token);

    private async Task<int> StockOfAsync(string item) =>
        (await _kv.GetJsonAsync<Item>(Catalogue.KeyOf(item), cancellationToken: Token)).Value!.Stock;

    private async Task<Order?> OrderAsync(Cart cart) =>
        (await _kv.GetJsonAsync<Order>(Checkout.KeyOf(cart.Id), cancellationToken: Token)).Value;
}
