using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Records;

/// <summary>The state of a state machine without its records, as of one entry.</summary>
/// <param name="Last">The last entry that was applied.</param>
/// <param name="LogTimeMs">The log time of that entry, in Unix milliseconds.</param>
/// <param name="Configuration">The configuration of the last configuration entry; empty if there was none.</param>
/// <param name="ConfigurationIndex">The index of the last configuration entry.</param>
/// <param name="Sessions">The encoded table of sessions.</param>
/// <param name="Leases">The encoded table of leases; empty when there are no leases.</param>
internal sealed record KvState(EntryId Last, long LogTimeMs, ClusterConfiguration Configuration, long ConfigurationIndex,
    ReadOnlyMemory<byte> Sessions, ReadOnlyMemory<byte> Leases = default);
