using Polly;
using Polly.Retry;
using RaftKv.Embedded;

namespace RaftKv.Samples.Shop;

/// <summary>Turns a cart into an order: reserves the money, and then takes the stock and places the order in one transaction.</summary>
public sealed class Checkout(IDistributedKv kv, IRaftKvCoordination coordination, IPayments payments)
{
    // The transaction writes the order only if there is none yet. So it may be tried again, also when its outcome is unknown.
    private static readonly ResiliencePipeline<CheckoutResult> Retry = new ResiliencePipelineBuilder<CheckoutResult>()
        .AddRetry(new RetryStrategyOptions<CheckoutResult>
        {
            ShouldHandle = new PredicateBuilder<CheckoutResult>()
                .HandleResult(CheckoutResult.Conflict)
                .Handle<RaftKvOutcomeUnknownException>()
                .Handle<RaftKvUnavailableException>(e => e.IsTransient),
            MaxRetryAttempts = 20,
            Delay = TimeSpan.FromMilliseconds(2),
            MaxDelay = TimeSpan.FromMilliseconds(200),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    /// <summary>The key of an order.</summary>
    public static string KeyOf(string orderId) => $"orders/{orderId}";

    /// <summary>Orders a cart once, however often and on however many nodes this is called.</summary>
    public async Task<CheckoutResult> PlaceAsync(Cart cart, CancellationToken cancellationToken)
    {
        await using var held = await coordination.TryAcquireLockAsync($"checkout/{cart.Id}", default, cancellationToken);
        if (held is null)
            return CheckoutResult.Busy;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.LostToken);
        try
        {
            return await Retry.ExecuteAsync(async end => await TryPlaceAsync(cart, held, end), stop.Token);
        }
        catch (OperationCanceledException) when (held.IsLost)
        {
            return CheckoutResult.Interrupted;
        }
    }

    /// <summary>Whether a cart was ordered.</summary>
    public async ValueTask<bool> IsPlacedAsync(Cart cart, CancellationToken cancellationToken) =>
        (await kv.GetAsync(KeyOf(cart.Id), default, cancellationToken)).Found;

    private async Task<CheckoutResult> TryPlaceAsync(Cart cart, KvLock held, CancellationToken cancellationToken)
    {
        var read = await kv.GetManyAsync([KeyOf(cart.Id), .. cart.Items.Keys.Select(Catalogue.KeyOf)], default, cancellationToken);
        if (read[KeyOf(cart.Id)].Found)
            return CheckoutResult.Placed;

        var total = 0;
        var place = new KvTransaction().If(held.StillHeld, KvCompare.NotExists(KeyOf(cart.Id)));
        foreach (var (name, count) in cart.Items)
        {
            var key = Catalogue.KeyOf(name);
            if (read[key].GetJson<Item>().Value is not { } item || item.Stock < count)
                return CheckoutResult.SoldOut;
            total += item.Price * count;
            place.If(KvCompare.Version(key, KvRelation.Equal, read[key].Version));
            place.Then.SetJson(key, item with { Stock = item.Stock - count });
        }
        place.Then.SetJson(KeyOf(cart.Id), new Order(cart.Id, cart.Items, total));
        place.Else.Get(held.Key);

        await payments.ReserveAsync(cart.Id, total, cancellationToken);
        var placed = await kv.CommitAsync(place, cancellationToken);
        if (placed.Succeeded)
            return CheckoutResult.Placed;
        return placed.HasResults && !placed.GetRead(held.Key).Found ? CheckoutResult.Interrupted : CheckoutResult.Conflict;
    }
}
