using System.Text;
using BenchmarkDotNet.Attributes;
using RaftKv.Embedded;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Benchmarks.Micro;

/// <summary>Encodes and decodes a put as the payload of a log entry, and 64 of them as a message between nodes.</summary>
public class CodecMicrobenchmarks
{
    private const int Entries = 64;

    private readonly byte[] _key = Encoding.ASCII.GetBytes("k000000000012345");
    private readonly byte[] _value = new byte[100];
    private byte[] _command = [];
    private AppendEntries _message = null!;
    private byte[] _frame = [];

    [GlobalSetup]
    public void Setup()
    {
        _command = new byte[KvCommand.SetBytes(_key.Length, _value.Length)];
        KvCommand.WriteSet(_command, KvCondition.Always, _key, _value);
        var entries = Enumerable.Range(1, Entries).Select(i => new LogEntry(1, i, 0, EntryKind.Command, _command)).ToArray();
        _message = new AppendEntries(1, default, entries, 0, 1, 0);
        _frame = new byte[MessageEncoder.FrameSize(_message)];
        MessageEncoder.WriteFrame(_message, _frame);
    }

    [Benchmark]
    public void EncodeCommand() => KvCommand.WriteSet(_command, KvCondition.Always, _key, _value);

    [Benchmark]
    public int DecodeCommand() => KvCommand.TryRead(_command, out var command) ? command.Value.Length : 0;

    [Benchmark]
    public void EncodeAppendOf64() => MessageEncoder.WriteFrame(_message, _frame);

    [Benchmark]
    public object? DecodeAppendOf64() => MessageDecoder.Read(FrameType.AppendEntries, Frame.Open(_frame));
}
