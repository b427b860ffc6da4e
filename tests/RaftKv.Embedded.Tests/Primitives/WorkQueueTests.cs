using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Primitives;

/// <summary>A queue of many posters and one consumer loses no item and no wake-up.</summary>
public sealed class WorkQueueTests
{
    private readonly WorkQueue<string> _queue = new();

    [Fact]
    public void Everything_that_waits_is_taken_at_once_in_its_order()
    {
        Assert.True(_queue.Post("a"));
        Assert.True(_queue.Post("b"));

        Assert.Equal(["a", "b"], Take());
        Assert.Empty(Take());
    }

    [Fact]
    public void Nobody_waits_while_something_is_there()
    {
        _queue.Post("a");
        _queue.Wait(-1);

        Assert.Equal(["a"], Take());
    }

    [Fact]
    public async Task A_kick_before_the_wait_ends_it_and_only_it()
    {
        _queue.Kick();
        _queue.Wait(-1);

        var waiting = Task.Run(() => _queue.Wait(-1), TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        _queue.Kick();
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task No_item_of_many_threads_is_lost_and_no_wait_outlasts_them()
    {
        const int posters = 4, each = 20_000;
        var taken = new HashSet<string>();
        var consumer = Task.Factory.StartNew(() =>
        {
            List<string> items = [];
            while (taken.Count < posters * each)
            {
                _queue.Wait(-1);
                _queue.TakeAll(ref items);
                taken.UnionWith(items);
                items.Clear();
            }
        }, TaskCreationOptions.LongRunning);

        for (var poster = 0; poster < posters; poster++)
        {
            var name = poster;
            _ = Task.Run(() =>
            {
                for (var i = 0; i < each; i++)
                    _queue.Post($"{name}.{i}");
            }, TestContext.Current.CancellationToken);
        }

        await consumer.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_closed_queue_takes_nothing_in_and_gives_out_what_it_has()
    {
        _queue.Post("a");
        _queue.Close();

        Assert.False(_queue.Post("b"));
        Assert.Equal(["a"], Take());
    }

    private List<string> Take()
    {
        List<string> items = [];
        _queue.TakeAll(ref items);
        return items;
    }
}
