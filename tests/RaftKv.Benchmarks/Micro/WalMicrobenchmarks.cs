using BenchmarkDotNet.Attributes;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;
using RaftKv.TestNode.Driver;

namespace RaftKv.Benchmarks.Micro;

/// <summary>
/// Appends entries to the log and commits them once, on a real disk: with the sync, and without it, which leaves the cost of the log
/// itself.
/// </summary>
public class WalMicrobenchmarks
{
    private readonly byte[] _payload = new byte[150];
    private string _directory = "";
    private LogEntry[] _entries = [];
    private Wal _wal = null!;

    [Params(1, 64)]
    public int Entries { get; set; }

    [Params(true, false)]
    public bool Sync { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _directory = TestDirectory.Create();
        _entries = new LogEntry[Entries];
        _wal = Wal.Open(new OsFileSystem(Sync), _directory, new WalOptions(), out _);
        _wal.SaveVote(1, "node1");
        _wal.Commit();
    }

    [Benchmark]
    public void AppendAndCommit()
    {
        var next = _wal.Last.Index + 1;
        for (var i = 0; i < _entries.Length; i++)
            _entries[i] = new LogEntry(1, next + i, 0, EntryKind.Command, _payload);
        _wal.Append(_entries);
        _wal.Commit();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _wal.Dispose();
        TestDirectory.Delete(_directory);
    }
}
