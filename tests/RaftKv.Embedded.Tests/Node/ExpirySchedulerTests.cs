using RaftKv.Embedded.Node;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>Keys expire by entries that the leader proposes when the keys are due.</summary>
public sealed class ExpirySchedulerTests
{
    private readonly InMemoryNode _node = new();

    [Fact]
    public async Task A_key_ends_when_its_time_is_over_and_not_before()
    {
        await SetAsync("x", new KvLifetime(Keep: false, TimeToLiveMs: 2_000));

        _node.RunFor(TimeSpan.FromMilliseconds(1_500));
        Assert.Equal(1, _node.Replica.Status.KeyCount);

        _node.RunFor(TimeSpan.FromMilliseconds(1_000));
        Assert.Equal(0, _node.Replica.Status.KeyCount);
    }

    [Fact]
    public void More_keys_than_one_entry_names_end_by_several_entries_with_room_for_writes_in_between()
    {
        const int Keys = ExpireCommand.MaxKeys + 10;
        for (var i = 0; i < Keys; i++)
            _ = _node.Set($"x{i}", new KvLifetime(Keep: false, TimeToLiveMs: 1_000));
        _node.Run();
        Assert.Equal(Keys, _node.Replica.Status.KeyCount);
        var before = _node.Replica.Status.LastIndex;

        _node.RunFor(TimeSpan.FromSeconds(2));

        Assert.Equal(0, _node.Replica.Status.KeyCount);
        Assert.Equal(before + 2, _node.Replica.Status.LastIndex);
    }

    [Fact]
    public async Task While_a_key_has_an_end_the_log_states_the_time_every_ten_seconds()
    {
        await SetAsync("x", new KvLifetime(Keep: false));
        var before = _node.Replica.Status.LastIndex;
        _node.RunFor(TimeSpan.FromSeconds(25));
        Assert.Equal(before, _node.Replica.Status.LastIndex);

        await SetAsync("y", new KvLifetime(Keep: false, TimeToLiveMs: 3_600_000));
        before = _node.Replica.Status.LastIndex;
        _node.RunFor(TimeSpan.FromSeconds(25));
        Assert.Equal(before + 2, _node.Replica.Status.LastIndex);
    }

    [Fact]
    public async Task A_read_renews_a_key_with_a_sliding_expiry_once_a_quarter_of_its_time_is_gone()
    {
        await SetAsync("x", new KvLifetime(Keep: false, SlidingMs: 4_000));
        var before = _node.Replica.Status.LastIndex;

        _node.RunFor(TimeSpan.FromMilliseconds(500));
        Access("x");
        Assert.Equal(before, _node.Replica.Status.LastIndex);

        _node.RunFor(TimeSpan.FromSeconds(2));
        Access("x");
        Assert.Equal(before + 1, _node.Replica.Status.LastIndex);

        _node.RunFor(TimeSpan.FromSeconds(3));
        Assert.Equal(1, _node.Replica.Status.KeyCount);
        _node.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(0, _node.Replica.Status.KeyCount);
    }

    private async Task SetAsync(string key, KvLifetime lifetime)
    {
        var write = _node.Set(key, lifetime);
        _node.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.True((await write).Applied);
    }

    private void Access(string key)
    {
        var name = System.Text.Encoding.UTF8.GetBytes(key);
        Assert.True(_node.Applier.State.Store.TryGetHeader(name, out RecordHeader header));
        _node.Replica.RecordAccess(name, header.Version, header.ExpiresAtMs, header.SlidingMs);
        _node.RunFor(TimeSpan.FromMilliseconds(100));
    }
}
