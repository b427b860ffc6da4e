using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>No message that could depend on a vote leaves before the vote is durable.</summary>
public sealed class LogSubmissionsTests
{
    private readonly LogWriter _writer;
    private readonly LogSubmissions _submissions;

    public LogSubmissionsTests()
    {
        var files = new MemoryFileSystem();
        var directory = DataDirectory.Open(files, "/data");
        _writer = new LogWriter(
            Wal.Open(files, directory.Wal, new WalOptions { SegmentBytes = 64 * 1024, PrepareInBackground = false }, out _));
        _submissions = new LogSubmissions(_writer);
        _writer.Written = written => _submissions.OnWritten(written.Ticket);
    }

    [Fact]
    public void Without_a_vote_under_way_messages_leave_at_once()
    {
        Assert.False(_submissions.TryHold(Message("b")));
        Assert.True(_submissions.IsIdle);
    }

    [Fact]
    public void Messages_after_a_vote_leave_in_their_order_once_it_is_durable()
    {
        _submissions.SaveVote(new SaveVote(1, "a", 0));
        Assert.True(_submissions.TryHold(Message("b")));
        Assert.True(_submissions.TryHold(Message("c")));
        Assert.False(_submissions.TryRelease(out _));
        Assert.False(_submissions.IsIdle);

        _writer.RunOnce();

        Assert.True(_submissions.TryRelease(out var first));
        // A message that is added meanwhile does not overtake those that wait.
        Assert.True(_submissions.TryHold(Message("d")));
        Assert.True(_submissions.TryRelease(out var second));
        Assert.True(_submissions.TryRelease(out var third));
        Assert.False(_submissions.TryRelease(out _));
        Assert.Equal(["b", "c", "d"], new[] { first.To, second.To, third.To });
        Assert.True(_submissions.IsIdle);
    }

    private static Send Message(string to) => new(to, new RemovedNotice(1, 1));
}
