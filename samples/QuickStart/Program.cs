using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RaftKv.Embedded;

// One process and one data directory are a legal, durable cluster of one.
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddRaftKv(o => o.DataDirectory = Path.Combine(AppContext.BaseDirectory, "data"));

using var host = builder.Build();
await host.StartAsync();
var kv = host.Services.GetRequiredService<IDistributedKv>();

var written = await kv.SetAsync("greeting", "hello"u8.ToArray());
Console.WriteLine($"set     greeting, version {written.Version}");

var greeting = await kv.GetAsync("greeting");
Console.WriteLine($"get     greeting = {Encoding.UTF8.GetString(greeting.Value.Span)}");

var deleted = await kv.DeleteAsync("greeting");
Console.WriteLine($"delete  greeting: {(deleted.Applied ? "deleted" : "was not there")}");

greeting = await kv.GetAsync("greeting");
Console.WriteLine($"get     greeting: {(greeting.Found ? "found" : "not found")}");

await host.StopAsync();
