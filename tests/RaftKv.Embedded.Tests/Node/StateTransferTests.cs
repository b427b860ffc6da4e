using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A quarantined node replaces its state with a snapshot of the leader.</summary>
public sealed class StateTransferTests
{
    private readonly InMemoryNode _node = new(RaftKvBootstrap.Never);
    private readonly ScriptedLeader _leader;

    public StateTransferTests()
    {
        _leader = new ScriptedLeader(_node);
        _leader.Set("x");
        _leader.Send(new IntegrityVerdict(_leader.LastIndex));
    }

    [Fact]
    public void It_asks_the_leader_for_a_snapshot_that_covers_what_it_has_applied_and_serves_again_when_it_has_it()
    {
        Assert.NotNull(_node.Replica.Status.Quarantine);
        _leader.RunFor(TimeSpan.FromMilliseconds(600));
        var request = _node.Transport.Take<StateRequest>()[^1];
        Assert.Equal(new StateRequest(_leader.LastIndex, default, 0), request);

        var snapshot = _leader.Snapshot();
        var half = (int)snapshot.TotalBytes / 2;
        _leader.Send(snapshot with { Data = snapshot.Data[..half] });
        Assert.Equal(new StateRequest(_leader.LastIndex, snapshot.Last, half), _node.Transport.Take<StateRequest>()[^1]);
        _leader.Send(snapshot with { Offset = half, Data = snapshot.Data[half..] });

        Assert.Null(_node.Replica.Status.Quarantine);
        Assert.Equal(_leader.Fingerprint, _node.Applier.State.Fingerprint);
    }

    [Fact]
    public void Entries_behind_the_snapshot_are_applied_from_the_log_of_the_node()
    {
        var snapshot = _leader.Snapshot();
        _leader.Set("y");

        _leader.Send(snapshot);

        Assert.Null(_node.Replica.Status.Quarantine);
        Assert.Equal(_leader.Fingerprint, _node.Applier.State.Fingerprint);
    }

    [Fact]
    public void A_snapshot_that_is_damaged_is_asked_for_again()
    {
        var snapshot = _leader.Snapshot();
        var damaged = snapshot.Data.ToArray();
        damaged[^1] ^= 1;
        _leader.Send(snapshot with { Data = damaged });
        Assert.NotNull(_node.Replica.Status.Quarantine);
        _node.Transport.Sent.Clear();

        _leader.RunFor(TimeSpan.FromMilliseconds(600));
        Assert.Equal(0, _node.Transport.Take<StateRequest>()[^1].Offset);
        _leader.Send(snapshot);

        Assert.Null(_node.Replica.Status.Quarantine);
    }

    [Fact]
    public void A_disk_that_fills_up_while_the_snapshot_is_loaded_is_reported_and_the_node_tries_again()
    {
        _node.StoreRoom = 0;
        _leader.Send(_leader.Snapshot());

        AssertWaitsForRoom();

        _node.StoreRoom = long.MaxValue;
        AssertTriesAgain();
    }

    [Fact]
    public void A_disk_without_room_for_the_snapshot_is_reported_and_the_node_tries_again()
    {
        _node.Files.FreeBytes = 0;
        _leader.Send(_leader.Snapshot());

        AssertWaitsForRoom();

        _node.Files.FreeBytes = long.MaxValue;
        AssertTriesAgain();
    }

    [Fact]
    public void Entries_behind_the_snapshot_wait_for_room()
    {
        var snapshot = _leader.Snapshot();
        _leader.Set("y");
        _node.StoreRoom = 1; // For the only record of the snapshot.

        _leader.Send(snapshot);
        Assert.True(_node.Applier.WaitsForRoom);
        Assert.NotNull(_node.Replica.Status.Quarantine);
        Assert.Null(_node.Replica.Status.Fault);

        _node.StoreRoom = long.MaxValue;
        _leader.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Null(_node.Replica.Status.Quarantine);
        Assert.Equal(_leader.Fingerprint, _node.Applier.State.Fingerprint);
    }

    [Fact]
    public void A_leader_without_such_a_snapshot_takes_one_and_sends_it_when_it_is_asked_again()
    {
        var node = new InMemoryNode();
        _ = node.Set("x");
        node.Run();
        var b = node.AddLearner("b");
        node.RunFor(TimeSpan.FromSeconds(1));
        var request = new StateRequest(node.Replica.Status.AppliedIndex, default, 0);

        node.Receive(b, request);
        node.Run();
        Assert.Empty(node.Transport.Take<StatePiece>());
        node.Receive(b, request);
        node.Run();

        var piece = Assert.Single(node.Transport.Take<StatePiece>());
        Assert.Equal(request.Covering, piece.Last.Index);
        Assert.Equal(piece.TotalBytes, piece.Data.Length);
    }

    [Fact]
    public void A_leader_that_is_asked_for_a_snapshot_again_replaces_it_if_it_is_damaged()
    {
        var node = new InMemoryNode();
        _ = node.Set("x");
        node.Run();
        var b = node.AddLearner("b");
        node.RunFor(TimeSpan.FromSeconds(1));
        var request = new StateRequest(node.Replica.Status.AppliedIndex, default, 0);
        node.Receive(b, request);
        node.Run();
        var path = "/data/snapshots/" + Assert.Single(node.Files.ListFiles("/data/snapshots"));
        var whole = node.Files.Read(path);
        var damaged = whole.ToArray();
        damaged[^1] ^= 1;
        node.Files.Replace(path, damaged);

        node.Receive(b, request);
        node.Run();
        Assert.Equal(damaged, node.Transport.Take<StatePiece>()[^1].Data.ToArray());
        node.Receive(b, request);
        node.Run();
        node.Receive(b, request);
        node.Run();

        Assert.Equal(whole, node.Transport.Take<StatePiece>()[^1].Data.ToArray());
    }

    private void AssertWaitsForRoom()
    {
        Assert.Null(_node.Replica.Status.Fault);
        Assert.Contains("no room", _node.Replica.Status.Quarantine, StringComparison.Ordinal);
        _node.Transport.Sent.Clear();
        _leader.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(_node.Transport.Take<StateRequest>());
    }

    private void AssertTriesAgain()
    {
        _leader.RunFor(TimeSpan.FromSeconds(6));
        Assert.Equal(new StateRequest(_leader.LastIndex, default, 0), _node.Transport.Take<StateRequest>()[^1]);
        _leader.Send(_leader.Snapshot());
        Assert.Null(_node.Replica.Status.Quarantine);
        Assert.Equal(_leader.Fingerprint, _node.Applier.State.Fingerprint);
    }
}
