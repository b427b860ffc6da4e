using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>Snapshots of a small state on a disk in memory.</summary>
public abstract class SnapshotWorld
{
    protected static readonly Guid Cluster = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    protected static readonly string Snapshots = Path.Combine("data", "snapshots");

    private protected MemoryFileSystem Disk { get; } = new();
    private protected KvStateMachine Machine { get; } = new(new DictionaryKvStore());
    private protected Entries Log { get; }
    protected long Session { get; }
    protected long Sequence { get; set; }

    protected SnapshotWorld()
    {
        Log = new Entries(Machine);
        Session = Log.Open(nonce: Cluster);
        Log.Apply(new ClusterConfiguration([new Member("node1", "127.0.0.1:1111", Cluster, MemberRole.Voter)]).Encode(), EntryKind.Configuration);
        Change("b", "2");
        Change("a", "1");
    }

    private protected SnapshotStore OpenStore() => new(Disk, Snapshots);

    protected void Change(string key, string value) => Log.Set(Session, ++Sequence, key, value);

    private protected SnapshotInfo Write(SnapshotStore store)
    {
        using var snapshot = Machine.CaptureSnapshot();
        return store.Write(Cluster, snapshot, CancellationToken.None);
    }

    private protected static ulong LoadNewest(SnapshotStore store, out EntryId last)
    {
        var damaged = new List<RaftKvStorageException>();
        last = store.OpenNewest(damaged)!.Value.Last;
        var records = new DictionaryKvStore();
        var content = store.Load(last, records, CancellationToken.None);
        Assert.Equal(Cluster, content.ClusterId);
        return new KvStateMachine(records, content.State).Digest();
    }

    private protected string PathOf(EntryId last) => Path.Combine(Snapshots, $"snapshot-{last.Index:D19}-{last.Term:D19}.snap");

    private protected static RaftKvStorageException AssertRefused(Action action)
    {
        var refused = Assert.Throws<RaftKvStorageException>(action);
        Assert.True(refused.Error is RaftKvStorageError.Damaged, refused.Message);
        return refused;
    }
}
