using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>When a connection is attempted again, and for how long.</summary>
public sealed class ReconnectPolicyTests
{
    private static readonly TransportOptions Options = new() { ListenAddress = "127.0.0.1:0" };

    [Fact]
    public void Attempts_go_on_for_ever_on_the_calling_thread_until_one_is_good()
    {
        var options = Options with { MinReconnectDelay = TimeSpan.FromMicroseconds(10), MaxReconnectDelay = TimeSpan.FromMicroseconds(20), MaxRefusedDelay = TimeSpan.FromMicroseconds(20) };
        using var stop = new ManualResetEventSlim();
        var threads = new HashSet<int>();
        var attempts = 0;

        var outcome = new ReconnectPolicy(options, 1, stop).Run(() =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            return ++attempts == 5_000 ? DialOutcome.Ended : attempts < 2_500 ? DialOutcome.Failed : DialOutcome.Refused;
        });

        Assert.Equal(DialOutcome.Ended, outcome);
        Assert.Equal([Environment.CurrentManagedThreadId], threads);
    }

    /// <summary>The wait must be on the event of the stop. Another wait would last its hour.</summary>
    [Theory]
    [InlineData(DialOutcome.Failed)]
    [InlineData(DialOutcome.Refused)]
    internal void Stopping_ends_the_wait_between_two_attempts(DialOutcome first)
    {
        var hour = TimeSpan.FromHours(1);
        using var stop = new ManualResetEventSlim();
        var attempts = 0;
        var thread = new Thread(() => new ReconnectPolicy(Options with { MinReconnectDelay = hour, MaxReconnectDelay = hour, MaxRefusedDelay = hour }, 1, stop)
            .Run(() => ++attempts == 1 ? first : DialOutcome.Stopped)) { IsBackground = true };
        thread.Start();
        Eventually.Holds(() => Volatile.Read(ref attempts) == 1, "the first attempt is made");
        stop.Set();

        Assert.True(thread.Join(TimeSpan.FromSeconds(20)));
        Assert.Equal(2, attempts);
    }
}
