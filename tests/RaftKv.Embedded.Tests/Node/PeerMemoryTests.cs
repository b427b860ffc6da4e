using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Formats;
using RaftKv.Embedded.Tests.Storage;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A node recognises the data directory of a peer that is older than what it has seen of it.</summary>
public sealed class PeerMemoryTests
{
    private const string Root = "/data";
    private static readonly Guid Disk = new("11111111-2222-3333-4444-555555555555");

    private readonly MemoryFileSystem _files = new();
    private PeerMemory _memory;

    public PeerMemoryTests()
    {
        _files.CreateDirectory(Root);
        _memory = new PeerMemory(_files, Root);
    }

    [Fact]
    public void Starts_that_follow_each_other_are_no_rollback()
    {
        _memory.Note(Hello([10], count: 1));
        Assert.False(_memory.IsOlder(Hello([10], count: 1)));
        _memory.Note(Hello([20, 10], count: 2));
        Assert.False(_memory.IsOlder(Hello([50, 40, 30, 20, 10], count: 5)));
        // So many starts were not seen that the reported ids do not reach back to a known one.
        Assert.False(_memory.IsOlder(Hello([90], count: 9)));
        Assert.False(_memory.IsOlder(new PeerHello { NodeId = "node2", Incarnation = Disk }));
    }

    /// <summary>A directory that was rolled back counts on from its older state, and reaches the same count with other ids.</summary>
    [Fact]
    public void A_smaller_count_or_another_id_at_the_same_count_is_a_rollback()
    {
        _memory.Note(Hello([30, 20, 10], count: 3));

        Assert.True(_memory.IsOlder(Hello([99, 10], count: 2)));
        Assert.True(_memory.IsOlder(Hello([98, 99, 10], count: 3)));
        Assert.True(_memory.IsOlder(Hello([97, 98, 99, 10], count: 4)));
        Assert.True(_memory.IsOlder(Hello([99], count: 1)));
    }

    [Theory]
    [InlineData(5, true, 100, false)]
    [InlineData(6, false, 0, false)]
    [InlineData(4, true, 200, true)]
    [InlineData(5, false, 100, true)]
    [InlineData(5, true, 99, true)]
    public void A_directory_with_less_than_its_last_process_made_durable_is_a_rollback(long term, bool hasVoted, long last, bool isOlder)
    {
        _memory.Note(Hello([10], count: 1));
        _memory.Note(Disk, new RequestVote(9, PreVote: true, default, Transfer: false));
        _memory.Note(Disk, new VoteReply(9, PreVote: true, Granted: true));
        _memory.Note(Disk, new VoteReply(5, PreVote: false, Granted: true));
        _memory.Note(Disk, new AppendReply(5, Accepted: true, 100, default, 100, 1));
        _memory.Note(Disk, new AppendReply(5, Accepted: true, 90, default, 90, 1));
        _memory.Note(Disk, new AppendReply(4, Accepted: true, 500, default, 500, 1));

        // The same process reports the state at its start again, which is older than what it has done since.
        Assert.False(_memory.IsOlder(Hello([10], count: 1)));
        Assert.Equal(isOlder, _memory.IsOlder(Hello([20, 10], count: 2, term, hasVoted, last)));
    }

    [Fact]
    public void What_was_seen_is_remembered_across_restarts()
    {
        _memory.Note(Hello([20, 10], count: 2));
        Assert.True(_memory.TryBeginSave(all: false));
        _memory.Save();
        _memory.Note(Disk, new AppendReply(5, Accepted: true, 100, default, 100, 1));
        Assert.False(_memory.TryBeginSave(all: false));
        Assert.True(_memory.TryBeginSave(all: true));
        _memory.Save();
        _files.CrashLosingAll();

        _memory = new PeerMemory(_files, Root);
        Assert.True(_memory.IsOlder(Hello([99, 10], count: 2)));
        Assert.True(_memory.IsOlder(Hello([30, 20, 10], count: 3, term: 5, last: 99)));
        Assert.False(_memory.IsOlder(Hello([30, 20, 10], count: 3, term: 5, last: 100)));
        Assert.False(_memory.TryBeginSave(all: true));
    }

    [Fact]
    public void No_more_peers_are_remembered_than_fit_and_the_ones_that_were_heard_last_are()
    {
        for (var i = 0; i < PeerRecordFile.MaxRecords + 5; i++)
            _memory.Note(Hello([30, 20], count: 3) with { Incarnation = new Guid(i, 1, 1, new byte[8]) });
        _memory.Save();
        _memory = new PeerMemory(_files, Root);

        Assert.False(_memory.IsOlder(Hello([9], count: 1) with { Incarnation = new Guid(4, 1, 1, new byte[8]) }));
        Assert.True(_memory.IsOlder(Hello([9], count: 1) with { Incarnation = new Guid(5, 1, 1, new byte[8]) }));
    }

    /// <summary>Voters run for years, while learners and replaced disks come and go.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_peer_that_is_heard_is_remembered_however_many_start_after_it(bool restarts)
    {
        _memory.Note(Hello([30, 20, 10], count: 3));
        for (var i = 0; i < PeerRecordFile.MaxRecords + 6; i++)
        {
            NoteNewcomer(i);
            _memory.Note(Disk, new AppendReply(5, Accepted: true, 100, default, 100, 1));
        }
        if (restarts)
        {
            _memory.Save();
            _memory = new PeerMemory(_files, Root);
            for (var i = 0; i < PeerRecordFile.MaxRecords - 1; i++)
                NoteNewcomer(1000 + i);
        }

        Assert.True(_memory.IsOlder(Hello([20, 10], count: 2)));
        Assert.True(_memory.IsOlder(Hello([40, 30, 20, 10], count: 4, term: 5, last: 99)));

        void NoteNewcomer(int number) =>
            _memory.Note(Hello([20, 10], count: 2) with { Incarnation = new Guid(number, 1, 1, new byte[8]) });
    }

    [Fact]
    public void The_format_is_pinned_and_damage_is_named()
    {
        PeerRecord[] records = [new(Disk, 3, -7, 5, HasVoted: true, 100), new(Guid.Empty, 1, 2, 0, HasVoted: false, 0)];
        PeerRecordFile.Save(_files, Root, records);
        var path = Path.Combine(Root, PeerRecordFile.FileName);

        GoldenFile.Holds("peers-v1.bin", _files.Read(path));
        _files.Replace(path, GoldenFile.Read("peers-v1.bin"));
        Assert.Equal(records, PeerRecordFile.Load(_files, Root));
        for (var i = 0; i < _files.File(path).Length; i++)
        {
            _files.File(path).Corrupt(i, 0x10);
            Assert.Contains(PeerRecordFile.FileName, Assert.Throws<RaftKvStorageException>(() => PeerRecordFile.Load(_files, Root)).Message, StringComparison.Ordinal);
            _files.File(path).Corrupt(i, 0x10);
        }
    }

    private static PeerHello Hello(long[] ids, long count, long term = 0, bool hasVoted = false, long last = 0) => new()
    {
        NodeId = "node2",
        Incarnation = Disk,
        Start = new PeerStart { Count = count, Ids = ids, Term = term, HasVoted = hasVoted, LastIndex = last },
    };
}
