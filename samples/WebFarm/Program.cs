using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RaftKv.Embedded;
using RaftKv.Embedded.DataProtection;
using RaftKv.Embedded.Http;
using RaftKv.Samples.WebFarm;

// A shop on three web servers without any other server: each of them knows the sessions, the cached pages and the keys of the cookies.
//   dotnet run --project samples/WebFarm -- --node 1        and 2, and 3, each in a terminal of its own
var builder = WebApplication.CreateSlimBuilder(args);
var settings = builder.Configuration;
var node = settings.GetValue("node", 1);
var peers = settings.GetValue("peers", "127.0.0.1:7001 127.0.0.1:7002 127.0.0.1:7003")!.Split(' ');
builder.WebHost.UseUrls(settings.GetValue("urls", $"http://127.0.0.1:{5000 + node}")!);

// DOCS: Web farms
builder.Services.AddRaftKv()
    .AddDistributedCache(o => o.Consistency = KvConsistency.Linearizable);      // the next request of a user may come to another node
builder.Services.AddSession();                                                  // keeps sessions in IDistributedCache
builder.Services.AddHybridCache();                                              // a first level in memory, IDistributedCache as the second
builder.Services.AddDataProtection().SetApplicationName("shop").PersistKeysToRaftKv();
builder.Configuration.AddRaftKvConfiguration("config/");                        // the key config/Shop/Motto is Shop:Motto on every node
builder.Services.AddOptions<ShopOptions>().BindConfiguration("Shop");           // IOptionsMonitor sees every change
// end

builder.Services.Configure<RaftKvOptions>(o =>
{
    (o.NodeId, o.ListenAddress) = ($"node{node}", peers[node - 1]);
    o.DataDirectory = settings.GetValue("data", $"shop_{node}_data")!;
    for (var i = 0; i < peers.Length; i++)
        o.InitialMembers.Add(new RaftKvMember { NodeId = $"node{i + 1}", Address = peers[i] });
});

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
            ? StatusCodes.Status503ServiceUnavailable
            : StatusCodes.Status504GatewayTimeout;
    }
});
app.UseSession();

// Everything listens on the loopback interface of this machine only.
app.MapRaftKv(o => o.AllowAnonymous = true);
app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true);

// A cart in the session: POST /cart/tea, GET /cart, with the cookie. Without a quorum the cart can be read, as this node has it, and not
// changed. CommitAsync then fails, and so does the request: without this call the middleware would store the session behind the answer, and
// only log that it could not.
app.MapPost("/cart/{item}", async (string item, HttpContext http, CancellationToken cancellationToken) =>
{
    var cart = http.Session.GetString("cart") is { } before ? $"{before},{item}" : item;
    http.Session.SetString("cart", cart);
    await http.Session.CommitAsync(cancellationToken);
    return cart;
});
app.MapGet("/cart", (HttpContext http) => http.Session.GetString("cart") ?? "");

// A report that is made once, by the node that is asked first, and kept for a minute.
app.MapGet("/reports/{name}", async (string name, HybridCache cache, CancellationToken cancellationToken) =>
    await cache.GetOrCreateAsync($"reports/{name}", _ => ValueTask.FromResult(Render(name)),
        new() { Expiration = TimeSpan.FromMinutes(1) }, cancellationToken: cancellationToken));

// A page whose whole output is kept, as bytes.
app.MapGet("/pages/{name}", async (string name, IDistributedCache cache, CancellationToken cancellationToken) =>
{
    var page = await cache.GetAsync($"pages/{name}", cancellationToken);
    if (page is null)
    {
        page = Encoding.UTF8.GetBytes(Render(name));
        try
        {
            await cache.SetAsync($"pages/{name}", page, new() { SlidingExpiration = TimeSpan.FromMinutes(1) }, cancellationToken);
        }
        catch (RaftKvUnavailableException)
        {
            // Without a quorum a page is made for each request.
        }
    }
    return Results.Bytes(page, "text/plain");
});

// A voucher that only this shop can have issued: POST /vouchers/half-price, GET /vouchers?code=...
app.MapPost("/vouchers/{name}", (string name, IDataProtectionProvider protection) => protection.CreateProtector("vouchers").Protect(name));
app.MapGet("/vouchers", (string code, IDataProtectionProvider protection) =>
{
    try
    {
        return Results.Text(protection.CreateProtector("vouchers").Unprotect(code));
    }
    catch (CryptographicException)
    {
        return Results.BadRequest("This is no voucher of ours.");
    }
});

// What an operator changes while the shop is open: PUT /v1/kv/config/Shop/Motto
app.MapGet("/motto", (IOptionsMonitor<ShopOptions> shop) => shop.CurrentValue.Motto);

app.Run();

string Render(string name) => $"{name}, made by node{node}: {Guid.NewGuid()}";
