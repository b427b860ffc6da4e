using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Options;
using RaftKv.Embedded;
using RaftKv.Embedded.DataProtection;
using RaftKv.Embedded.Http;
using RaftKv.PublishedApp;

// An application that uses all packages, to be published trimmed and as native code. With --print-options it prints the options that the
// configuration section sets, and ends.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddRaftKv().AddDistributedCache();
builder.Services.AddDataProtection().SetApplicationName("published").PersistKeysToRaftKv();
builder.Services.AddHealthChecks().AddRaftKv();
builder.Configuration.AddRaftKvConfiguration("config/");

var app = builder.Build();
if (builder.Configuration.GetValue("print-options", false))
{
    // The options are not validated, because no options with all of them set are valid.
    var options = new RaftKvOptions();
    foreach (var configure in app.Services.GetServices<IConfigureOptions<RaftKvOptions>>())
        configure.Configure(options);
    foreach (var line in OptionLines.Of(options))
        Console.WriteLine(line);
    return;
}

app.MapRaftKv(o => o.AllowAnonymous = true);
app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true);
app.MapHealthChecks("/health");

// Uses the services that have no routes, one after the other.
app.MapGet("/services", async (HttpContext http) =>
{
    var services = http.RequestServices;
    var kv = services.GetRequiredService<IDistributedKv>();
    var cache = services.GetRequiredService<IDistributedCache>();
    await cache.SetAsync("key", [1, 2, 3], new() { SlidingExpiration = TimeSpan.FromMinutes(1) });
    await cache.RefreshAsync("key");
    var cached = await cache.GetAsync("key");
    var protector = services.GetRequiredService<IDataProtectionProvider>().CreateProtector("tests");
    var secret = protector.Unprotect(protector.Protect("secret"));
    await using var held = await services.GetRequiredService<IRaftKvCoordination>().AcquireLockAsync("lock");
    var counted = await kv.IncrementAsync("counter");
    await using var view = await kv.OpenStringViewAsync("counter");
    await http.Response.WriteAsync($"{cached?.Length} {secret} {held.FencingToken.Value > 0} {counted} {view.Current.Values.Count}");
});

app.Run();
