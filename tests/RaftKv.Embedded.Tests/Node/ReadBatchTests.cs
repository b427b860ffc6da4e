using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>The reads of a batch continue when it is complete, and fail when it fails.</summary>
public sealed class ReadBatchTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly ReadBatch _batch = new(deadline: 0);

    [Fact]
    public async Task Every_reader_goes_on_once_it_is_complete()
    {
        var readers = Enumerable.Range(0, 100).Select(_ => ReadAsync()).ToList();
        Assert.DoesNotContain(readers, r => r.IsCompleted);

        _batch.Complete();

        await Task.WhenAll(readers).WaitAsync(TimeSpan.FromSeconds(30), Token);
        await ReadAsync().WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Fact]
    public async Task A_reader_that_blocks_its_thread_keeps_no_other_waiting()
    {
        using var others = new CountdownEvent(20);
        var blocked = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => BlockAsync()));
        for (var i = 0; i < 20; i++)
            _ = SignalAsync();

        _batch.Complete();

        await blocked.WaitAsync(TimeSpan.FromSeconds(60), Token);

        async Task BlockAsync()
        {
            await _batch.Ready.ConfigureAwait(false);
            Assert.True(others.Wait(TimeSpan.FromSeconds(50), Token));
        }

        async Task SignalAsync()
        {
            await _batch.Ready.ConfigureAwait(false);
            others.Signal();
        }
    }

    [Fact]
    public async Task Every_reader_of_a_failed_one_is_told_why()
    {
        var readers = Enumerable.Range(0, 10).Select(_ => ReadAsync()).ToList();

        _batch.Fail(new TimeoutException("why"));
        _batch.Complete();

        foreach (var reader in readers.Append(ReadAsync()))
            Assert.Equal("why", (await Assert.ThrowsAsync<TimeoutException>(() => reader)).Message);
        Assert.Equal("why", Assert.Throws<TimeoutException>(_batch.Wait).Message);
    }

    [Fact]
    public void A_thread_that_waits_is_woken()
    {
        Exception? failure = null;
        var waiting = new Thread(() => failure = Record.Exception(_batch.Wait));
        waiting.Start();
        Assert.True(SpinWait.SpinUntil(() => (waiting.ThreadState & ThreadState.WaitSleepJoin) != 0, TimeSpan.FromSeconds(30)));

        _batch.Complete();

        Assert.True(waiting.Join(TimeSpan.FromSeconds(30)));
        Assert.Null(failure);
    }

    private async Task ReadAsync() => await _batch.Ready.ConfigureAwait(false);
}
