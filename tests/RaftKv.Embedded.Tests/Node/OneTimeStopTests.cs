using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>All callers that stop something share one stop.</summary>
public sealed class OneTimeStopTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly OneTimeStop _stop = new();

    [Fact]
    public async Task The_first_caller_decides_how_to_stop_and_all_wait_for_its_end()
    {
        using var mayEnd = new ManualResetEventSlim();
        var first = _stop.Run(() => mayEnd.Wait(Cancel));
        var second = _stop.Run(() => throw new InvalidOperationException("It is stopped twice."));
        Assert.False(second.IsCompleted);

        mayEnd.Set();

        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Every_caller_hears_of_an_error()
    {
        var first = _stop.Run(static () => throw new IOException("The disk is gone."));
        await Assert.ThrowsAsync<IOException>(() => first);
        await Assert.ThrowsAsync<IOException>(() => _stop.Run(static () => { }));
    }

    [Fact]
    public void A_caller_in_a_hurry_ends_the_wait_of_the_others()
    {
        Assert.False(_stop.Hurry.IsCompleted);
        _stop.HurryUp();
        _stop.HurryUp();
        Assert.True(_stop.Hurry.IsCompleted);
    }
}
