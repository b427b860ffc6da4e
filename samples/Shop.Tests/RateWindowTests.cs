using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>Unit tests of the rate window: the test advances the time.</summary>
public sealed class RateWindowTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services;
    private readonly RateWindow _window;

    public RateWindowTests()
    {
        var services = new ServiceCollection().AddSingleton<TimeProvider>(_time).AddSingleton<RateWindow>();
        services.Configure<ShopOptions>(o => o.CheckoutsPerMinute = 2).AddInMemoryRaftKv();
        _services = services.BuildServiceProvider();
        _window = _services.GetRequiredService<RateWindow>();
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task A_caller_is_let_in_again_when_its_window_is_over()
    {
        Assert.True(await EntersAsync("alice"));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(await EntersAsync("alice"));
        Assert.False(await EntersAsync("alice"));

        _time.Advance(TimeSpan.FromSeconds(1));     // a minute after the first call, however often it was tried since

        Assert.True(await EntersAsync("alice"));
    }

    [Fact]
    public async Task Each_caller_has_a_window_of_its_own()
    {
        for (var i = 0; i < 3; i++)
            await EntersAsync("alice");

        Assert.True(await EntersAsync("bob"));
    }

    private async Task<bool> EntersAsync(string caller) => await _window.TryEnterAsync(caller, TestContext.Current.CancellationToken);
}
