using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using RaftKv.Embedded;
using RaftKv.Embedded.DataProtection;
using RaftKv.Samples.Shop;

// A shop on any number of web servers, without any other server. samples/Shop.Tests shows how such an application is tested.
//   dotnet run --project samples/Shop
var builder = WebApplication.CreateBuilder(args);

builder.Services.AddRaftKv()
    .AddDistributedCache(o => o.Consistency = KvConsistency.Linearizable)   // the next request of a session may come to another node
    .AddLeaderService<Shipping>(configure: o =>
        o.TimeToLive = builder.Configuration.GetValue("Shop:ShippingTimeToLive", TimeSpan.FromSeconds(5)));
builder.Services.AddSession();
builder.Services.AddHybridCache();
builder.Services.AddDataProtection().SetApplicationName("shop").PersistKeysToRaftKv();
builder.Configuration.AddRaftKvConfiguration("config/");                    // the key config/Shop/Banner is Shop:Banner on every node
builder.Services.AddOptions<ShopOptions>().BindConfiguration("Shop");

builder.Services.AddSingleton<Catalogue>();
builder.Services.AddSingleton<Checkout>();
builder.Services.AddSingleton<RateWindow>();
builder.Services.AddSingleton<IPayments, InstantPayments>();

var app = builder.Build();

// An error of the store is answered with 503 when nothing was written, and with 504 when the outcome is unknown.
app.Use(async (http, next) =>
{
    try
    {
        await next(http);
    }
    catch (RaftKvException e) when (!http.Response.HasStarted)
    {
        http.Response.StatusCode = e.Outcome == KvOutcome.NotApplied
            ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status504GatewayTimeout;
    }
});
app.UseSession();

app.MapGet("/", (IOptionsMonitor<ShopOptions> shop) => shop.CurrentValue.Banner);

app.MapGet("/items/{name}", (string name, Catalogue catalogue, CancellationToken stop) => catalogue.PageAsync(name, stop));

app.MapPost("/items/{name}", (string name, int price, int count, Catalogue catalogue, CancellationToken stop) =>
    catalogue.SupplyAsync(name, price, count, stop));

app.MapGet("/cart", (HttpContext http) => http.Session.GetCart());

// The cart stays in the session until the next one is begun: a customer whose answer was lost may send the checkout again.
app.MapPost("/cart/{item}", async (string item, HttpContext http, Checkout checkout, CancellationToken stop) =>
{
    var cart = http.Session.GetCart();
    if (await checkout.IsPlacedAsync(cart, stop))
        cart = Cart.New();
    cart = cart.With(item);
    await http.Session.SetCartAsync(cart, stop);
    return cart;
});

app.MapPost("/checkout", async (HttpContext http, Checkout checkout, RateWindow window, CancellationToken stop) =>
{
    if (!await window.TryEnterAsync(http.Session.Id, stop))
        return Results.StatusCode(StatusCodes.Status429TooManyRequests);
    var cart = http.Session.GetCart();
    if (cart.Items.Count == 0)
        return Results.BadRequest("The cart is empty.");
    var result = await checkout.PlaceAsync(cart, stop);
    return result == CheckoutResult.Placed
        ? Results.Created($"/orders/{cart.Id}", null)
        : Results.Text(result.ToString(), statusCode: StatusCodes.Status409Conflict);
});

app.MapGet("/orders/{id}", async (string id, IDistributedKv kv, CancellationToken stop) =>
    await kv.GetJsonAsync<Order>(Checkout.KeyOf(id), cancellationToken: stop) is { HasValue: true } order
        ? Results.Ok(order.Value) : Results.NotFound());

// The node that ships the orders.
app.MapGet("/shipping", async (IRaftKvLeaderServices services, CancellationToken stop) =>
    (await services.GetStatusAsync(nameof(Shipping), stop)).NodeId);

app.Run();
