using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Values as text and as JSON, and views of them.</summary>
public sealed partial class TypedTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Text_and_objects_come_back_as_they_were_stored()
    {
        await using var node = await StartAsync();
        await node.Kv.SetStringAsync("text", "grün 😀", cancellationToken: Cancel);
        var written = await node.Kv.SetJsonAsync("user", new User("Ada", 36), Json.Default.User, cancellationToken: Cancel);

        Assert.Equal("grün 😀", await node.Kv.GetStringAsync("text", cancellationToken: Cancel));
        Assert.Null(await node.Kv.GetStringAsync("nothing", cancellationToken: Cancel));
        var user = await node.Kv.GetJsonAsync("user", Json.Default.User, cancellationToken: Cancel);
        Assert.True(user is { Found: true, HasValue: true });
        Assert.Equal((new User("Ada", 36), written.Version, written.Version), (user.Value, user.Version, user.ReadAt));
        var nothing = await node.Kv.GetJsonAsync("nothing", Json.Default.User, cancellationToken: Cancel);
        Assert.Equal(new KvValue<User> { ReadAt = written.Version }, nothing);
        await Assert.ThrowsAsync<JsonException>(async () => await node.Kv.GetJsonAsync("text", Json.Default.User, cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_view_is_current_and_says_when_it_changes()
    {
        await using var node = await StartAsync();
        await node.Kv.SetJsonAsync("users/ada", new User("Ada", 36), Json.Default.User, cancellationToken: Cancel);
        await node.Kv.SetStringAsync("users/bob", "no JSON", cancellationToken: Cancel);
        await using var view = await node.Kv.OpenJsonViewAsync("users/", Json.Default.User, cancellationToken: Cancel);

        Assert.Equal(36, view["users/ada"].Age);
        Assert.False(view.TryGetValue("users/bob", out _));
        Assert.IsType<JsonException>(view.Current.Errors["users/bob"]);

        var deleted = await node.Kv.DeleteAsync("users/ada", cancellationToken: Cancel);
        var written = await node.Kv.SetJsonAsync("users/bob", new User("Bob", 40), Json.Default.User, cancellationToken: Cancel);
        await UntilAsync(view, v => v.Version == written.Version);
        Assert.Equal(["users/bob"], view.Current.Values.Keys);
        Assert.Empty(view.Current.Errors);
        Assert.True(deleted.Version < view.Current.Version);
    }

    [Fact]
    public async Task A_view_takes_over_a_transaction_as_a_whole()
    {
        await using var node = await StartAsync();
        await node.Kv.SetManyAsync([new("n/a", "0"u8.ToArray()), new("n/b", "0"u8.ToArray())], Cancel);
        await using var view = await node.Kv.OpenStringViewAsync("n/", cancellationToken: Cancel);
        var states = new List<KvViewState<string>>();
        using var changes = ChangeToken.OnChange(view.GetChangeToken, () => { lock (states) states.Add(view.Current); });

        KvWriteResult last = default;
        for (var i = 1; i <= 50; i++)
            last = await node.Kv.SetManyAsync([new("n/a", Encoding.UTF8.GetBytes($"{i}")), new("n/b", Encoding.UTF8.GetBytes($"{i}"))], Cancel);

        await UntilAsync(view, v => v.Version == last.Version);
        lock (states)
            Assert.All(states, s => Assert.Equal(s.Values["n/a"], s.Values["n/b"]));
    }

    [Fact]
    public async Task A_view_that_has_fallen_too_far_behind_begins_anew()
    {
        await using var node = await StartAsync(o => o.WatchHistoryBytes = 64 * 1024);
        await node.Kv.SetStringAsync("v/gone", "1", cancellationToken: Cancel);
        using var gate = new ManualResetEventSlim(true);
        await using var view = await node.Kv.OpenViewAsync("v/", value =>
        {
            gate.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            return value.Length;
        }, cancellationToken: Cancel);
        gate.Reset();
        await node.Kv.DeleteAsync("v/gone", cancellationToken: Cancel);
        KvWriteResult last = default;
        for (var i = 0; i < 200; i++)
            last = await node.Kv.SetAsync($"v/{i % 10}", new byte[1000 + i], cancellationToken: Cancel);
        gate.Set();

        await UntilAsync(view, v => v.Version >= last.Version);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"v/{i}={1190 + i}"), view.Current.Values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}"));
    }

    [Fact]
    public async Task A_view_ends_with_its_node_and_keeps_what_it_had()
    {
        var node = await StartAsync();
        await node.Kv.SetStringAsync("k", "1", cancellationToken: Cancel);
        await using var view = await node.Kv.OpenStringViewAsync("", cancellationToken: Cancel);
        var token = view.GetChangeToken();
        await node.StopAsync();

        await view.Completion.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal("1", view["k"]);
        await ChangedAsync(token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_listener_of_a_view_is_called_once_for_its_end(bool stopsHost)
    {
        await using var node = await StartAsync();
        await using var view = await node.Kv.OpenStringViewAsync("", cancellationToken: Cancel);
        var (calls, late) = (0, 0);
        using var changes = ChangeToken.OnChange(view.GetChangeToken, () => Interlocked.Increment(ref calls));
        var before = view.GetChangeToken();

        if (stopsHost)
            await node.StopAsync();
        else
            await view.DisposeAsync();
        await view.Completion.WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Eventually.Holds(() => before.HasChanged && Volatile.Read(ref calls) > 0, "the end is a change");
        var after = view.GetChangeToken();
        using var lateChanges = ChangeToken.OnChange(view.GetChangeToken, () => Interlocked.Increment(ref late));
        await QueuedWorkAsync();
        // The first state may be signalled after the view was opened.
        Assert.InRange(Volatile.Read(ref calls), 1, 2);
        Assert.Equal((0, false), (Volatile.Read(ref late), after.HasChanged));
    }

    [Fact]
    public async Task A_view_that_cannot_be_opened_says_why()
    {
        await using var node = await TestNode.StartAsync(o =>
        {
            var ports = FreePorts.Take(2);
            o.NodeId = "node1";
            o.DataDirectory = _folder.Sub("lonely");
            o.ListenAddress = $"127.0.0.1:{ports[0]}";
            o.RequestTimeout = TimeSpan.FromMilliseconds(50);
            o.InitialMembers.Add(new() { NodeId = "node1", Address = o.ListenAddress });
            o.InitialMembers.Add(new() { NodeId = "node2", Address = $"127.0.0.1:{ports[1]}" });
        });
        await Assert.ThrowsAsync<RaftKvUnavailableException>(() => node.Kv.OpenStringViewAsync("", cancellationToken: Cancel));
    }

    private Task<TestNode> StartAsync(Action<RaftKvOptions>? configure = null) => TestNode.StartAsync(o =>
    {
        o.DataDirectory = _folder.Sub("data");
        configure?.Invoke(o);
    });

    private static async Task UntilAsync<T>(KvView<T> view, Func<KvViewState<T>, bool> holds)
    {
        while (true)
        {
            var token = view.GetChangeToken();
            if (holds(view.Current))
                return;
            await ChangedAsync(token);
        }
    }

    /// <summary>Completes when the pool has taken what was queued before.</summary>
    private static Task QueuedWorkAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ThreadPool.UnsafeQueueUserWorkItem(static done => done.SetResult(), done, preferLocal: false);
        return done.Task;
    }

    private static async Task ChangedAsync(IChangeToken token)
    {
        var changed = new TaskCompletionSource();
        using var registration = token.RegisterChangeCallback(static changed => ((TaskCompletionSource)changed!).TrySetResult(), changed);
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    internal sealed record User(string Name, int Age);

    [JsonSerializable(typeof(User))]
    internal sealed partial class Json : JsonSerializerContext;
}
