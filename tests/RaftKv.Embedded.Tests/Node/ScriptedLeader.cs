using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Tests.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>The leader "b" of a cluster of a, b and c, played by a test: <see cref="InMemoryNode"/> is its follower "a".</summary>
internal sealed class ScriptedLeader
{
    public const long Term = 2;

    private readonly InMemoryNode _node;
    private readonly KvStateMachine _state = new(new DictionaryKvStore());
    private readonly long _session;
    private long _sequence;
    private long _round;
    private EntryId _last;

    public ScriptedLeader(InMemoryNode node)
    {
        _node = node;
        var start = node.ClusterBootstrap.TryBootstrap(Members(node.Identity.Incarnation), FeatureLevels.Safeguards)!;
        _node.Replica.Recover(start);
        _last = start.Configurations[0].Id;
        _state.Apply(start.Configurations[0]);
        var open = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(open, Guid.NewGuid(), timeToLiveSeconds: 3600);
        Append(open);
        _session = _last.Index;
    }

    public PeerHello Hello(string nodeId) => new()
    {
        NodeId = nodeId,
        Incarnation = Incarnation(nodeId),
        ClusterId = _node.Identity.ClusterId,
        FeatureLevel = FeatureLevels.Current,
    };

    /// <summary>The index of the last entry of its log; all entries are committed.</summary>
    public long LastIndex => _last.Index;

    /// <summary>The fingerprint of its state.</summary>
    public ulong Fingerprint => _state.Fingerprint;

    /// <summary>Appends and commits a write. The follower applies it.</summary>
    public void Set(string key) => Append(Entries.SetCommand(_session, ++_sequence, Encoding.UTF8.GetBytes(key), "1"u8));

    /// <summary>Whether its messages arrive.</summary>
    public bool IsConnected { get; set; } = true;

    public void Send(PeerMessage message) => Send("b", message);

    /// <summary>Delivers a message of this member.</summary>
    public void Send(string nodeId, PeerMessage message)
    {
        if (!IsConnected)
            return;
        _node.Receive(Hello(nodeId), message);
        _node.Run();
    }

    /// <summary>Reports that the node has dialled this member and was welcomed.</summary>
    public void Welcome(string nodeId)
    {
        _node.Replica.Post(new PeerConnected(Hello(nodeId), $"{nodeId}:1"));
        _node.Run();
    }

    /// <summary>Appends and commits a configuration in which the node has another data directory.</summary>
    public void Admit(Guid incarnation) =>
        Append(new ClusterConfiguration(Members(incarnation), FeatureLevels.Safeguards).Encode(), EntryKind.Configuration);

    /// <summary>Lets time pass, with heartbeats.</summary>
    public void RunFor(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(50);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            Heartbeat();
            _node.RunFor(step);
        }
    }

    public void Heartbeat() => Send(new AppendEntries(Term, _last, default, _last.Index, ++_round, LeaseMs: 0));

    /// <summary>Creates a snapshot of its state, in one piece.</summary>
    public StatePiece Snapshot()
    {
        using var store = new SnapshotStore(new MemoryFileSystem(), "/snapshots");
        using var snapshot = _state.CaptureSnapshot();
        var info = store.Write(_node.Identity.ClusterId, snapshot, CancellationToken.None);
        var bytes = new byte[info.Bytes];
        store.ReadChunk(info.Last, 0, bytes, out _);
        return new StatePiece(info.Last, info.Bytes, 0, bytes);
    }

    private static Member[] Members(Guid incarnation) => [new("a", "a:1", incarnation, MemberRole.Voter), Voter("b"), Voter("c")];

    private static Member Voter(string nodeId) => new(nodeId, $"{nodeId}:1", Incarnation(nodeId), MemberRole.Voter);

    private static Guid Incarnation(string nodeId) => new(nodeId[0], 0, 0, new byte[8]);

    private void Append(byte[] payload, EntryKind kind = EntryKind.Command)
    {
        var entry = new LogEntry(Term, _last.Index + 1, 1_000_000 + _last.Index, kind, payload);
        _state.Apply(entry);
        Send(new AppendEntries(Term, _last, new[] { entry }, entry.Index, ++_round, LeaseMs: 0));
        _last = entry.Id;
        Heartbeat();
    }
}
