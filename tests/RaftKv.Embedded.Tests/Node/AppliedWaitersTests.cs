using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A caller that waits for an index is called once, when the index is applied.</summary>
public sealed class AppliedWaitersTests
{
    private readonly AppliedWaiters _waiters = new();
    private readonly List<string> _reached = [];

    [Fact]
    public void Who_waits_for_what_is_applied_already_does_not_wait()
    {
        Assert.False(_waiters.Add(5, () => _reached.Add("5"), () => 5));

        _waiters.Reach(10);

        Assert.Empty(_reached);
    }

    [Fact]
    public void Everybody_is_told_once_and_only_when_their_index_is_reached()
    {
        foreach (var index in new[] { 7, 5, 6, 5 })
            Assert.True(_waiters.Add(index, () => _reached.Add($"{index}"), () => 0));

        _waiters.Reach(4);
        Assert.Empty(_reached);
        _waiters.Reach(5);
        Assert.Equal(["5", "5"], _reached);
        _waiters.Reach(7);
        _waiters.Reach(8);
        Assert.Equal(["5", "5", "6", "7"], _reached.Order());
    }

    [Fact]
    public void Who_has_left_is_not_told()
    {
        Action leaves = () => _reached.Add("left");
        _waiters.Add(5, leaves, () => 0);
        _waiters.Add(5, () => _reached.Add("stayed"), () => 0);

        _waiters.Remove(leaves);
        _waiters.Reach(5);

        Assert.Equal(["stayed"], _reached);
    }

    [Fact]
    public async Task No_wake_up_is_lost_between_an_applier_and_those_who_come()
    {
        const int count = 50_000;
        var applied = 0L;
        var applier = Task.Run(() =>
        {
            for (var index = 1; index <= count; index++)
            {
                Volatile.Write(ref applied, index);
                _waiters.Reach(index);
            }
        }, TestContext.Current.CancellationToken);

        for (var index = 1; index <= count; index += 7)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_waiters.Add(index, () => reached.TrySetResult(), () => Volatile.Read(ref applied)))
                await reached.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }

        await applier.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }
}
