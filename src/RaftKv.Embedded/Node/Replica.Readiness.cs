using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    private static readonly TimeSpan LeastStallPatience = TimeSpan.FromSeconds(5);

    /// <summary>A node that hangs for longer serves no call in time.</summary>
    private readonly TimeSpan _stallPatience;

    /// <summary>True until this process has applied a read index that it obtained after its start.</summary>
    private bool _mustCatchUp = true;

    /// <summary>
    /// Any thread. Whether this node's copy may be served at all: it has applied everything that was committed at some moment after this process started, so it is behind nothing that it
    /// served before; and it is not in doubt.
    /// </summary>
    public bool HasCaughtUp => (!Volatile.Read(ref _mustCatchUp) || _context.IsAlone) && _quarantine is null;

    /// <summary>Any thread. Why <see cref="HasCaughtUp"/> is false.</summary>
    public RaftKvUnavailableException NotServing() => _quarantine is not null ? Errors.Quarantined() : _context.Core is null ? Errors.NotFormed(_context.Dependencies.Bootstrap?.WaitsFor) : Errors.NotCaughtUp();

    /// <summary>Any thread. Whether this node serves linearizable reads and writes now.</summary>
    public bool IsReady => Readiness == RaftKvReadiness.Ready;

    /// <summary>Any thread. Whether this node serves, and if not, why.</summary>
    public RaftKvReadiness Readiness
    {
        get
        {
            var parts = Volatile.Read(ref _statusParts);
            return parts.Role switch
            {
                RaftKvRole.Faulted => RaftKvReadiness.Faulted,
                RaftKvRole.Stopped => RaftKvReadiness.Stopped,
                RaftKvRole.Removed => RaftKvReadiness.Removed,
                RaftKvRole.Unformed => _context.IsAlone ? RaftKvReadiness.Ready : RaftKvReadiness.NotFormed,
                _ when _leaving => RaftKvReadiness.Stopping,
                _ when _quarantine is not null => RaftKvReadiness.Quarantined,
                _ when _rolledBack is not null => RaftKvReadiness.RolledBack,
                _ when parts.LeaderId is null => RaftKvReadiness.NoLeader,
                _ when !parts.HasQuorum => RaftKvReadiness.NoQuorum,
                _ when _context.Dependencies.Stalls?.HangsFor(_stallPatience) == true => RaftKvReadiness.Stalled,
                _ when Volatile.Read(ref _mustCatchUp) => RaftKvReadiness.CatchingUp,
                _ when !_hasEntryRoom && parts.Role != RaftKvRole.Leader => RaftKvReadiness.DiskFull,
                _ when !parts.HasItsRole => RaftKvReadiness.Joining,
                _ => RaftKvReadiness.Ready,
            };
        }
    }

    /// <summary>
    /// Whether the committed configuration has this node in the role it was configured for. A member that is to vote is not there before its promotion is committed: until then the
    /// cluster cannot do without the vote of another. With <see cref="RaftKvOptions.TargetVoters"/> voters, those beyond stand by, and that is their role.
    /// </summary>
    private bool HasItsRole(ClusterConfiguration committed) =>
        committed.Find(_context.NodeId) is { } self && self.IsOf(_context.Identity.Incarnation)
        && (self.Role != MemberRole.Joining || (_context.Options.TargetVoters > 0 && committed.VoterCount >= _context.Options.TargetVoters));
}
