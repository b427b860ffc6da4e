using System.Text;
using BenchmarkDotNet.Attributes;
using RaftKv.Embedded;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.TestNode.Driver;

namespace RaftKv.Benchmarks.Micro;

/// <summary>Applies a committed put of a random key out of 100,000: session, versions, FASTER, checksum.</summary>
public class ApplyMicrobenchmarks
{
    private const int Keys = 100_000;
    private const int ValueBytes = 100;

    private string _directory = "";
    private FasterKvStore _store = null!;
    private KvStateMachine _state = null!;
    private byte[][] _commands = [];
    private readonly Random _random = new(1);
    private long _session;
    private long _sequence;

    [GlobalSetup]
    public void Setup()
    {
        _directory = TestDirectory.Create();
        _store = new FasterKvStore(new OsFileSystem(sync: false), _directory, new FasterKvStoreSettings());
        _state = new KvStateMachine(_store);
        var open = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(open, Guid.NewGuid(), timeToLiveSeconds: 3600);
        _session = Apply(open).Session;
        _commands = [.. Enumerable.Range(0, Keys).Select(Put)];
        foreach (var command in _commands)
            ApplyNext(command);
    }

    [Benchmark]
    public long Put() => ApplyNext(_commands[_random.Next(Keys)]).Version;

    [GlobalCleanup]
    public void Cleanup()
    {
        _store.Dispose();
        TestDirectory.Delete(_directory);
    }

    private static byte[] Put(int number)
    {
        var key = Encoding.ASCII.GetBytes($"k{number:d15}");
        var command = new byte[KvCommand.SetBytes(key.Length, ValueBytes)];
        KvCommand.WriteSet(command, KvCondition.Always, key, new byte[ValueBytes]);
        return command;
    }

    private ApplyResult ApplyNext(byte[] command)
    {
        KvCommand.Patch(command, _session, ++_sequence, acknowledgedBelow: _sequence);
        return Apply(command);
    }

    private ApplyResult Apply(byte[] command) => _state.Apply(new LogEntry(1, _state.Applied.Index + 1, 0, EntryKind.Command, command));
}
