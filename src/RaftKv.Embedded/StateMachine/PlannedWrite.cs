using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>The change that a transaction will make to one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Before">The current header of the record; version 0: there is no record.</param>
/// <param name="After">The header after the change; version 0: the record is deleted.</param>
/// <param name="Value">The new value.</param>
internal readonly record struct PlannedWrite(ReadOnlyMemory<byte> Key, RecordHeader Before, RecordHeader After, ReadOnlyMemory<byte> Value)
{
    public bool Erases => After.Version == 0;
}
