using System.Text;
using RaftKv.Embedded.Records;
using Xunit;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Records the changes that it is told, and asserts that the store still has the record from before the change.</summary>
internal sealed class RecordingSink(IKvStore store) : IKvChangeSink
{
    public List<string> Told { get; } = [];

    public void Putting(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        AssertStillHolds(key, before);
        Told.Add($"put {Encoding.UTF8.GetString(key)}={Encoding.UTF8.GetString(value)} {header.Version}/{header.CreateVersion}/{header.WriteCount} over {before.Version}");
    }

    public void Erasing(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index)
    {
        AssertStillHolds(key, before);
        Told.Add($"{kind} {Encoding.UTF8.GetString(key)} at {index} over {before.Version}");
    }

    public void EntryEnded(long index) => Told.Add($"end {index}");

    private void AssertStillHolds(ReadOnlySpan<byte> key, RecordHeader before)
    {
        store.TryGetHeader(key, out var header);
        Assert.Equal(header, before);
    }
}
