using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>Something the replica deals with in its next turn.</summary>
internal abstract class ReplicaInput;

/// <summary>A message of a peer.</summary>
internal sealed class PeerInput(PeerHello from, PeerMessage message, int bytes) : ReplicaInput
{
    public string From => from.NodeId;

    /// <summary>The data directory that speaks: a name may have two of them for a while.</summary>
    public Guid Incarnation => from.Incarnation;

    public PeerMessage Message => message;

    /// <summary>What it costs while it waits.</summary>
    public int Bytes => bytes;
}

/// <summary>We dialled a peer and it welcomed us.</summary>
internal sealed class PeerConnected(PeerHello peer, string address) : ReplicaInput
{
    public PeerHello Peer => peer;
    public string Address => address;
}

/// <summary>Members may be found at addresses that were not known before.</summary>
internal sealed class AddressesLearned : ReplicaInput;

/// <summary>A node without a cluster wants to be taken in, or the disk of a member was replaced by an empty one. <c>LeadersConcern</c>: every node notices, one is enough.</summary>
internal sealed class NewcomerMet(string nodeId, Guid incarnation, string address, bool leadersConcern, bool isRolledBack = false) : ReplicaInput
{
    /// <summary>Its data directory is the old one, has gone back in time, and has a new identity.</summary>
    public bool IsRolledBack => isRolledBack;

    public string NodeId => nodeId;
    public Guid Incarnation => incarnation;
    public string Address => address;
    public bool LeadersConcern => leadersConcern;
}

/// <summary>The attempt to take a newcomer in has ended.</summary>
internal sealed class NewcomerSettled(string nodeId, Guid incarnation, AdminResult result) : ReplicaInput
{
    public string NodeId => nodeId;
    public Guid Incarnation => incarnation;
    public AdminResult Result => result;
}

/// <summary>A peer has seen a newer state of this node's data directory, under that identity, than the one it has.</summary>
internal sealed class RollbackTold(string by, Guid incarnation, bool isLed) : ReplicaInput
{
    public string By => by;
    public Guid Incarnation => incarnation;

    /// <summary>Whether the peer knows a leader: then a quorum is there without this node.</summary>
    public bool IsLed => isLed;
}

/// <summary>A peer introduced a data directory that is older than what this node has seen of it, and was turned away.</summary>
internal sealed class RollbackSeen(string nodeId) : ReplicaInput
{
    public string NodeId => nodeId;
}

/// <summary>A connection to a peer was lost.</summary>
internal sealed class PeerLost(string nodeId, bool reset) : ReplicaInput
{
    public string NodeId => nodeId;
    public bool Reset => reset;
}

/// <summary>A node introduced itself.</summary>
internal sealed class NodeMet(Member node) : ReplicaInput
{
    public Member Node => node;
}

/// <summary>The log writer made everything up to a ticket durable; <c>Last</c> is the last entry among it, default if there was none.</summary>
internal sealed class LogWritten(long ticket, EntryId last) : ReplicaInput
{
    public long Ticket => ticket;
    public EntryId Last => last;
}

/// <summary>The answer of another thread to an effect of the core; stamped with the time of the turn that takes it.</summary>
internal sealed class CoreAnswer(Func<Moment, RaftEvent> stamp) : ReplicaInput
{
    public RaftEvent At(Moment now) => stamp(now);
}

/// <summary>The node has become part of a cluster: founded or adopted, and durable.</summary>
internal sealed class Formed(RaftStart start) : ReplicaInput
{
    public RaftStart Start => start;
}

/// <summary>The cluster that adopted this node had no entry for it and exists no more: it is given up, unless the node has heard from it since.</summary>
internal sealed class ClusterAbandoned(Guid clusterId) : ReplicaInput
{
    public Guid ClusterId => clusterId;
}

/// <summary>The state machine opened the session this process asked for.</summary>
internal sealed class SessionOpened(long session) : ReplicaInput
{
    public long Session => session;
}

/// <summary>The state machine refused a write because it does not know its session any more.</summary>
internal sealed class SessionLost(long session) : ReplicaInput
{
    public long Session => session;
}

/// <summary>A snapshot attempt is over; <c>Error</c> says why nothing came of it.</summary>
internal sealed class SnapshotFinished(EntryId last, ClusterConfiguration configuration, long configurationIndex, Exception? error) : ReplicaInput
{
    /// <summary>The disk keeps the log behind this entry: see <see cref="Storage.SnapshotStore.FallbackIndex"/>.</summary>
    public long Fallback { get; init; }

    public EntryId Last => last;
    public ClusterConfiguration Configuration => configuration;
    public long ConfigurationIndex => configurationIndex;
    public Exception? Error => error;
}

/// <summary>A snapshot that was refused elsewhere has been read again; <c>Damage</c> says what is wrong with it, if anything.</summary>
internal sealed class SnapshotChecked(RaftKvStorageException? damage) : ReplicaInput
{
    public RaftKvStorageException? Damage => damage;
}

/// <summary>Somebody wants a snapshot now.</summary>
internal sealed class SnapshotWanted(TaskCompletionSource<KvVersion> done) : ReplicaInput
{
    public TaskCompletionSource<KvVersion> Done => done;
}

/// <summary>The applier has collected what is due, as a command.</summary>
internal sealed class DueCollected(byte[] command) : ReplicaInput
{
    public byte[] Command => command;
}

/// <summary>What was due is gone.</summary>
internal sealed class ExpiryApplied : ReplicaInput;

/// <summary>How much room the disk has.</summary>
internal sealed class DiskMeasured(long freeBytes, long unflushedBytes, long dataBytes) : ReplicaInput
{
    public long FreeBytes => freeBytes;

    /// <inheritdoc cref="IKvStore.UnflushedBytes"/>
    public long UnflushedBytes => unflushedBytes;

    /// <inheritdoc cref="IKvStore.DataBytes"/>
    public long DataBytes => dataBytes;
}

/// <summary>A piece of the snapshot that replaces a quarantined node's state is stored; <c>Next</c> is the next byte wanted.</summary>
internal sealed class SeedStored(EntryId last, long next, long total) : ReplicaInput
{
    public EntryId Last => last;
    public long Next => next;
    public long Total => total;
}

/// <summary>A quarantined node has its new state; <c>Error</c> says why not.</summary>
internal sealed class SeedLoaded(EntryId last, Exception? error) : ReplicaInput
{
    public EntryId Last => last;
    public Exception? Error => error;
}

/// <summary>Somebody wants leader-lease reads.</summary>
internal sealed class LeaseReadsWanted : ReplicaInput;

/// <summary>The host is about to stop; completes when this node does not lead any more, or could not hand over in time.</summary>
internal sealed class HandOverWanted(TaskCompletionSource done) : ReplicaInput
{
    public TaskCompletionSource Done => done;
}

/// <summary>The node is about to stop: take no new calls and hand over the leadership.</summary>
internal sealed class StopWanted(TaskCompletionSource done) : ReplicaInput
{
    public TaskCompletionSource Done => done;
}

/// <summary>A thread of the replica failed: stop taking part.</summary>
internal sealed class FaultHappened(Exception error) : ReplicaInput
{
    public Exception Error => error;
}
