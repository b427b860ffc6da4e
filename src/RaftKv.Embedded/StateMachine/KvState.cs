using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.StateMachine;

/// <summary>Everything a state machine knows besides its records, as of one entry.</summary>
/// <param name="Last">The last entry it reflects.</param>
/// <param name="LogTimeMs">The log time reached.</param>
/// <param name="Configuration">The configuration of the last configuration entry; empty if there was none.</param>
/// <param name="ConfigurationIndex">The index of that entry.</param>
/// <param name="Sessions">The encoded <see cref="SessionTable"/>.</param>
/// <param name="Leases">The encoded <see cref="LeaseTable"/>; empty when there are no leases.</param>
internal sealed record KvState(EntryId Last, long LogTimeMs, ClusterConfiguration Configuration, long ConfigurationIndex, ReadOnlyMemory<byte> Sessions, ReadOnlyMemory<byte> Leases = default);
