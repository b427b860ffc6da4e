using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>What a transaction will do to one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Before">The record's header as it stands; version 0: there is none.</param>
/// <param name="After">The header it will have; version 0: it goes.</param>
/// <param name="Value">Its new value.</param>
internal readonly record struct PlannedWrite(ReadOnlyMemory<byte> Key, RecordHeader Before, RecordHeader After, ReadOnlyMemory<byte> Value)
{
    public bool Erases => After.Version == 0;
}
