using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A log writer that has no room for the next segment of the log.</summary>
public sealed class LogWriterTests
{
    private readonly MemoryFileSystem _files = new();
    private readonly string _wal;
    private readonly LogWriter _writer;
    private long _written;
    private long _last;

    public LogWriterTests()
    {
        _wal = DataDirectory.Open(_files, "/data").Wal;
        _writer = new LogWriter(Wal.Open(_files, _wal, new WalOptions { SegmentBytes = 64 * 1024, PrepareInBackground = false }, out _))
        {
            Written = written => _written = written.Ticket,
        };
    }

    [Fact]
    public void Segments_that_a_snapshot_covers_are_deleted_while_the_log_waits_for_room()
    {
        while (Segments() < 3)
            Write();
        // As full as it is now: there is room only when a segment goes.
        _files.Capacity = _files.Files.Sum(file => (long)file.Length);
        while (!_writer.WaitsForRoom)
        {
            Write();
            Assert.True(_last < 1_000);
        }

        var ticket = ++_last;
        _writer.Submit(new DropPrefix(ticket, First: ticket - 1));
        _writer.RunOnce();
        _writer.RunOnce();

        Assert.False(_writer.WaitsForRoom);
        Assert.Equal(ticket, _written);
    }

    private int Segments() => _files.ListFiles(_wal).Count(name => name.EndsWith(".wal", StringComparison.Ordinal));

    private void Write()
    {
        _last++;
        _writer.Submit(_last, [new LogEntry(1, _last, _last, EntryKind.Command, new byte[20 * 1024])]);
        _writer.RunOnce();
    }
}
