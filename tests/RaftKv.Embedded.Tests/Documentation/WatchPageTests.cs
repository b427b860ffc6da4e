using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;
using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The documented code for scans, watches, typed values and configuration is compiled, works, and equals the pages.</summary>
public sealed partial class WatchPageTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly StringBuilder _output = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Scanning")]
    [InlineData("Watching")]
    [InlineData("Previous values")]
    [InlineData("Text, JSON and views")]
    [InlineData("Configuration")]
    public void The_pages_show_this_code(string section) => DocumentedCode.IsThatOf("WatchPageTests.cs", section);

#pragma warning disable xUnit1051 // The README has no token.
    [Fact]
    public async Task Scanning_does_what_it_says()
    {
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("data"));
        var kv = node.Kv;
        await kv.SetManyAsync([new("orders/2026/1", "a"u8.ToArray()), new("orders/2026/2", "b"u8.ToArray()), new("orders/latest", "c"u8.ToArray())]);

        // DOCS: Scanning
        await foreach (KvEntry order in kv.ScanAsync(KvKeyRange.StartingWith("orders/")))
            Print($"{order.Key}: {order.Value.Length} bytes");

        long orders = await kv.CountAsync(KvKeyRange.StartingWith("orders/"));
        await foreach (KvChild child in kv.ListChildrenAsync("orders/"))               // "orders/2026/" as a group, "orders/latest" as a key
            Print(child.Name);

        KvScanPage page = await kv.ScanPageAsync(KvKeyRange.All, new() { Limit = 2 });
        KvScanPage next = await kv.ScanPageAsync(KvKeyRange.All, new() { Limit = 2, After = page.Next, AtVersion = page.Version });
        // end

        Assert.Equal(3, orders);
        Assert.Equal("orders/2026/1: 1 bytes|orders/2026/2: 1 bytes|orders/latest: 1 bytes|orders/2026/|orders/latest|", _output.ToString());
        Assert.Equal("orders/latest", Assert.Single(next.Entries).Key);
    }

    [Fact]
    public async Task Watching_does_what_it_says()
    {
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("data"));
        var kv = node.Kv;
        await kv.SetManyAsync([new("orders/1", "a"u8.ToArray()), new("orders/2", "b"u8.ToArray())]);
        using var end = new CancellationTokenSource();
        var stopping = end.Token;

        // DOCS: Watching
        KvVersion seen = default;
        try
        {
            await foreach (KvEvent e in kv.WatchAsync(KvKeyRange.StartingWith("orders/"), new() { InitialState = true }, stopping))
            {
                Print($"{e.Kind} {e.Key}");      // Put for each key there is, InitialStateEnd, then Put, Deleted, Expired or LeaseRevoked as they happen
                if (e.EndsVersion)
                    seen = e.Version;            // a whole transaction; FromVersion = seen + 1 goes on here, on any node
            }
        }
        catch (RaftKvCompactedException)
        {
            // This node does not hold the next change any more. Nothing was skipped: begin anew with the state.
        }
        // end
        catch (OperationCanceledException)
        {
            Print("end");
        }

        Assert.True(seen > KvVersion.None);
        Assert.Equal("Put orders/1|Put orders/2|InitialStateEnd |end|", _output.ToString());

        void Print(string line)
        {
            this.Print(line);
            if (line.StartsWith("InitialStateEnd", StringComparison.Ordinal))
                end.CancelAfter(TimeSpan.FromMilliseconds(1));
        }
    }

    [Fact]
    public async Task Previous_values_do_what_they_say()
    {
        await using var node = await TestNode.StartAsync(o => (o.DataDirectory, o.WatchPreviousValues) = (_folder.Sub("data"), true));
        var kv = node.Kv;
        await kv.SetStringAsync("other", "1");
        using var end = new CancellationTokenSource();
        var stopping = end.Token;
        var following = FollowAsync();
        var written = await kv.SetStringAsync("stock/tea", "7");
        await kv.DeleteAsync("stock/tea");
        await following;

        Assert.Equal($"Deleted stock/tea: version {written.Version} had 1 bytes|", _output.ToString());

        async Task FollowAsync()
        {
            try
            {
                // DOCS: Previous values
                await foreach (KvEvent e in kv.WatchAsync(KvKeyRange.StartingWith("stock/"), new() { PreviousValues = true }, stopping))
                {
                    if (e.Previous is { } before)        // null: the key did not exist
                        Print($"{e.Kind} {e.Key}: version {before.Version} had {before.Value.Length} bytes");
                }
                // end
            }
            catch (OperationCanceledException)
            {
                // Printed.
            }
        }

        void Print(string line)
        {
            this.Print(line);
            end.Cancel();
        }
    }

    [Fact]
    public async Task Text_JSON_and_views_do_what_they_say()
    {
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("data"));
        var kv = node.Kv;

        // DOCS: Text, JSON and views
        await kv.SetStringAsync("greeting", "hello");
        string? greeting = await kv.GetStringAsync("greeting");

        await kv.SetJsonAsync("users/ada", new User("Ada", 36), AppJson.Default.User);   // a JsonSerializerContext: no reflection, safe to trim
        KvValue<User> ada = await kv.GetJsonAsync("users/ada", AppJson.Default.User);

        await using KvView<User> users = await kv.OpenJsonViewAsync("users/", AppJson.Default.User);
        User now = users["users/ada"];                                                   // a look into a dictionary, always current
        using var changes = ChangeToken.OnChange(users.GetChangeToken, () => Print($"{users.Current.Values.Count} users at {users.Current.Version}"));
        // end

        Assert.Equal(("hello", "Ada", 36), (greeting, ada.Value!.Name, now.Age));
    }
#pragma warning restore xUnit1051

    [Fact]
    public async Task Configuration_does_what_it_says()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());

        // DOCS: Configuration
        builder.Configuration.AddRaftKvConfiguration("config/");             // config/Mail/Server is Mail:Server
        builder.Services.AddRaftKv(o => o.DataDirectory = _folder.Sub("data"));
        // end

        using var host = builder.Build();
        await host.StartAsync(Cancel);
        var configuration = host.Services.GetRequiredService<IConfiguration>();
        await host.Services.GetRequiredService<IDistributedKv>().SetStringAsync("config/Mail/Server", "example.org", cancellationToken: Cancel);
        Eventually.Holds(() => configuration["Mail:Server"] == "example.org", "the configuration has the value", 60);
        await host.StopAsync(Cancel);
    }

    private void Print(string line)
    {
        lock (_output)
            _output.Append(line).Append('|');
    }

    internal sealed record User(string Name, int Age);

    [JsonSerializable(typeof(User))]
    internal sealed partial class AppJson : JsonSerializerContext;
}
