using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>Which part of a snapshot the leader sends next to a peer, and what it sends again.</summary>
public sealed class SnapshotTransferTests
{
    private static readonly EntryId Last = new(2, 40);
    private static readonly RaftSettings Settings = new() { NodeId = "n", Seed = 1 };
    private readonly SnapshotTransfer _transfer = new(new LinkWindow(Settings), Settings);

    [Fact]
    public void One_piece_is_sent_before_the_peer_says_what_it_has()
    {
        Assert.True(_transfer.HasRoom);
        _transfer.SentPiece(Last, totalBytes: 1_000, bytes: 100);
        Assert.False(_transfer.HasRoom);
        Assert.True(_transfer.Acknowledge(700));
        Assert.Equal((700, 700, true), (_transfer.Acknowledged, _transfer.Sent, _transfer.HasRoom));
    }

    [Fact]
    public void Sending_goes_back_once_to_a_piece_that_was_lost()
    {
        _transfer.SentPiece(Last, 1_000, 100);
        _transfer.Acknowledge(100);
        _transfer.SentPiece(Last, 1_000, 300);
        Assert.False(_transfer.Acknowledge(100));
        Assert.Equal(100, _transfer.Sent);
        _transfer.SentPiece(Last, 1_000, 300);
        Assert.False(_transfer.Acknowledge(100));
        Assert.Equal(400, _transfer.Sent);
    }

    [Fact]
    public void The_answer_to_a_question_is_no_loss()
    {
        _transfer.SentPiece(Last, 1_000, 100);
        _transfer.Acknowledge(100);
        _transfer.Asked();
        Assert.False(_transfer.Acknowledge(100));
        Assert.Equal(100, _transfer.Sent);
    }

    /// <summary>Found by seed 1520019065: a slow link delays the first answer until the second question has left.</summary>
    [Fact]
    public void The_answer_to_a_question_is_no_loss_while_a_later_question_is_under_way()
    {
        _transfer.SentPiece(Last, 1_000, 100);
        _transfer.Acknowledge(100);
        _transfer.Asked();
        _transfer.SentPiece(Last, 1_000, 200);
        _transfer.Asked();
        Assert.False(_transfer.Acknowledge(100));
        Assert.Equal(300, _transfer.Sent);

        // The answer to the second question says the same: the piece is lost.
        Assert.False(_transfer.Acknowledge(100));
        Assert.Equal(100, _transfer.Sent);
    }

    [Fact]
    public void A_peer_that_begins_anew_is_sent_everything_again()
    {
        _transfer.SentPiece(Last, 1_000, 1_000);
        _transfer.Acknowledge(1_000);
        Assert.False(_transfer.Acknowledge(0));
        Assert.Equal((0, 0), (_transfer.Acknowledged, _transfer.Sent));
    }
}
