using RaftKv.Embedded;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Fuzz.Targets;

/// <summary>The identity file of a data directory: damage is refused, and not taken for another identity.</summary>
internal sealed class IdentityTarget : FuzzTarget
{
    private const string Root = "/data";
    private static readonly Guid Incarnation = Guid.Parse("11111111-2222-3333-4444-555555555555");
    private static readonly Guid Cluster = Guid.Parse("66666666-7777-8888-9999-000000000000");
    private static readonly string FilePath = Path.Combine(Root, NodeIdentity.FileName);

    private readonly MemoryFileSystem _disk = new();
    private readonly byte[] _alone;
    private readonly byte[] _member;

    public IdentityTarget()
    {
        _disk.CreateDirectory(Root);
        var identity = NodeIdentity.Create(_disk, Root, "node1", Incarnation);
        _alone = _disk.Read(FilePath);
        identity.Adopt(_disk, Root, Cluster);
        _member = _disk.Read(FilePath);
    }

    public override IReadOnlyList<byte[]> Corpus => [_alone, _member];

    public override long MaxAllocatedBytes => 256 * 1024;

    public override void Reseal(Span<byte> input) => BlockChecksums.Reseal(input, stretch: true);

    public override bool Take(byte[] input, bool isAuthentic)
    {
        _disk.Replace(FilePath, input);
        try
        {
            var identity = NodeIdentity.Load(_disk, Root, "node1")!;
            Require(isAuthentic || (identity.Incarnation == Incarnation && (!identity.HasCluster || identity.ClusterId == Cluster)), "damage was believed");
            return true;
        }
        catch (RaftKvStorageException e) when (e.Error is RaftKvStorageError.Damaged or RaftKvStorageError.ForeignDirectory or RaftKvStorageError.NewerFormat)
        {
            return false;
        }
    }
}
