using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Formats;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The identity file of a node: its formats, damage to it, and power cuts while it is written.</summary>
public sealed class NodeIdentityTests
{
    private const string Root = "/data";
    private static readonly Guid Incarnation = Guid.Parse("11111111-2222-3333-4444-555555555555");
    private static readonly Guid Cluster = Guid.Parse("66666666-7777-8888-9999-000000000000");

    private readonly MemoryFileSystem _disk = new();

    public NodeIdentityTests() => _disk.CreateDirectory(Root);

    /// <summary>An identity without a replaced incarnation stays in the format that every version reads.</summary>
    [Fact]
    public void The_formats_are_pinned()
    {
        var path = Path.Combine(Root, NodeIdentity.FileName);
        var first = new NodeIdentity("node1", Incarnation, Cluster);
        var second = first with { Incarnation = Cluster, ReplacedIncarnation = Incarnation };
        first.Save(_disk, Root);
        GoldenFile.Holds("identity-v1.bin", _disk.Read(path));
        second.Save(_disk, Root);
        GoldenFile.Holds("identity-v2.bin", _disk.Read(path));

        _disk.Replace(path, GoldenFile.Read("identity-v1.bin"));
        Assert.Equal(first, NodeIdentity.Load(_disk, Root, "node1"));
        _disk.Replace(path, GoldenFile.Read("identity-v2.bin"));
        Assert.Equal(second, NodeIdentity.Load(_disk, Root, "node1"));
    }

    [Fact]
    public void It_is_created_once_adopts_a_cluster_once_and_survives()
    {
        Assert.Null(NodeIdentity.Load(_disk, Root, "node1"));
        NodeIdentity.Create(_disk, Root, "node1", Incarnation);
        _disk.CrashLosingAll();
        var identity = NodeIdentity.Load(_disk, Root, "node1")!;
        Assert.Equal(new NodeIdentity("node1", Incarnation, Guid.Empty), identity);
        Assert.False(identity.HasCluster);

        identity = identity.Adopt(_disk, Root, Cluster);
        _disk.CrashLosingAll();
        Assert.Equal(new NodeIdentity("node1", Incarnation, Cluster), NodeIdentity.Load(_disk, Root, "node1"));
        Assert.Same(identity, identity.Adopt(_disk, Root, Cluster));
        Assert.Equal(RaftKvStorageError.ForeignDirectory, Assert.Throws<RaftKvStorageException>(() => identity.Adopt(_disk, Root, Incarnation)).Error);
    }

    [Fact]
    public void Another_nodes_directory_is_refused_by_name()
    {
        NodeIdentity.Create(_disk, Root, "node1", Incarnation);
        var failure = Assert.Throws<RaftKvStorageException>(() => NodeIdentity.Load(_disk, Root, "node2"));
        Assert.Equal(RaftKvStorageError.ForeignDirectory, failure.Error);
        Assert.Contains("'node1'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'node2'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_flipped_bit_is_refused()
    {
        NodeIdentity.Create(_disk, Root, "node1", Incarnation);
        var file = _disk.File(Path.Combine(Root, NodeIdentity.FileName));
        for (var bit = 0; bit < file.Length * 8; bit++)
        {
            file.Corrupt(bit / 8, (byte)(1 << (bit % 8)));
            Assert.Equal(RaftKvStorageError.Damaged, Assert.Throws<RaftKvStorageException>(() => NodeIdentity.Load(_disk, Root, "node1")).Error);
            file.Corrupt(bit / 8, (byte)(1 << (bit % 8)));
        }
    }

    [Fact]
    public void Wherever_the_power_goes_the_old_or_the_new_identity_is_there()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            for (var k = 1; ; k++)
            {
                var disk = new MemoryFileSystem();
                disk.CreateDirectory(Root);
                var identity = NodeIdentity.Create(disk, Root, "node1", Incarnation);
                disk.CutPowerAt(disk.Operations + k);
                if (Record.Exception(() => identity.Adopt(disk, Root, Cluster)) is null)
                    break;
                disk.Crash(new Prng(seed));
                Assert.Equal(Incarnation, NodeIdentity.Load(disk, Root, "node1")!.Incarnation);
            }
        }
    }
}
