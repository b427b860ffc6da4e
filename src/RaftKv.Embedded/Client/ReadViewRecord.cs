using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Client;

/// <summary>The record of a key at a version. Header and value are left out when only keys are wanted.</summary>
internal readonly record struct ReadViewRecord(byte[] Key, RecordHeader Header, byte[]? Value);
