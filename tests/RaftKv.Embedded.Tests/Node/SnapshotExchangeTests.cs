using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A follower that lags receives a snapshot of the leader in chunks, and installs it.</summary>
public sealed class SnapshotExchangeTests
{
    private readonly InMemoryNode _node = new(RaftKvBootstrap.Never);
    private readonly ScriptedLeader _leader;
    private readonly StatePiece _snapshot;

    public SnapshotExchangeTests()
    {
        _leader = new ScriptedLeader(_node);
        _leader.IsConnected = false;
        _leader.Set("x");
        _leader.Set("y");
        _snapshot = _leader.Snapshot();
        _leader.IsConnected = true;
    }

    [Fact]
    public void Its_pieces_are_acknowledged_and_the_whole_replaces_the_state()
    {
        var half = (int)_snapshot.TotalBytes / 2;

        Install(0, half);
        Assert.Equal((half, false), LastReply());
        Install(half, (int)_snapshot.TotalBytes);

        Assert.Equal((_snapshot.TotalBytes, true), LastReply());
        Assert.Equal(_leader.Fingerprint, _node.Applier.State.Fingerprint);
        Assert.Equal(_snapshot.Last.Index, _node.Replica.Status.SnapshotIndex);
    }

    [Fact]
    public void Questions_about_the_copy_that_it_replaced_are_not_answered()
    {
        var index = _node.Applier.AppliedIndex;
        _leader.Send(new IntegrityProbe(index));
        Assert.Equal(index, Assert.Single(_node.Transport.Take<IntegrityAnswer>()).Index);
        _node.Transport.Sent.Clear();

        Install(0, (int)_snapshot.TotalBytes);
        _leader.Send(new IntegrityProbe(index));

        Assert.Empty(_node.Transport.Take<IntegrityAnswer>());
    }

    [Fact]
    public void A_disk_that_fills_up_while_it_is_loaded_leaves_the_state_as_it_was_and_it_is_sent_again()
    {
        var before = _node.Applier.State.Fingerprint;
        _node.StoreRoom = 1;
        Install(0, (int)_snapshot.TotalBytes);

        Assert.Equal((0, false), LastReply());
        Assert.Equal(before, _node.Applier.State.Fingerprint);
        Assert.Null(_node.Replica.Status.Fault);

        _node.StoreRoom = long.MaxValue;
        Install(0, (int)_snapshot.TotalBytes);
        Assert.Equal((_snapshot.TotalBytes, true), LastReply());
        Assert.Equal(_leader.Fingerprint, _node.Applier.State.Fingerprint);
    }

    [Fact]
    public void A_disk_without_room_keeps_no_part_of_it()
    {
        _node.Files.FreeBytes = 0;
        Install(0, (int)_snapshot.TotalBytes / 2);
        Assert.DoesNotContain(_node.Files.Files, f => f.Path.Contains("part", StringComparison.Ordinal));
        Assert.Null(_node.Replica.Status.Fault);

        _node.Files.FreeBytes = long.MaxValue;
        Install(0, (int)_snapshot.TotalBytes);
        Assert.Equal((_snapshot.TotalBytes, true), LastReply());
    }

    private void Install(int from, int to) => _leader.Send(
        new InstallSnapshot(ScriptedLeader.Term, _snapshot.Last, _snapshot.TotalBytes, from, _snapshot.Data[from..to], Round: 1));

    private (long NextOffset, bool IsInstalled) LastReply() =>
        _node.Transport.Take<InstallSnapshotReply>() is [.., var reply] ? (reply.NextOffset, reply.Installed) : default;
}
