using RaftKv.Embedded.Log;

namespace RaftKv.Fuzz.Targets;

/// <summary>The members of a cluster, as an entry or a snapshot's header has them.</summary>
internal sealed class ConfigurationTarget : FuzzTarget
{
    private static readonly Guid Incarnation = Guid.Parse("66666666-7777-8888-9999-aaaaaaaaaaaa");

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        ClusterConfiguration.Empty.Encode(),
        new ClusterConfiguration([new Member("node1", "127.0.0.1:1111", Incarnation, MemberRole.Voter)]).Encode(),
        new ClusterConfiguration(Enumerable.Range(1, 5).Select(i => new Member($"node{i}", $"10.0.0.{i}:1111", Incarnation, (MemberRole)(i % 3)))).Encode(),
    ];

    public override long MaxAllocatedBytes => 1024 * 1024;

    public override bool Take(byte[] input, bool isAuthentic)
    {
        try
        {
            var configuration = ClusterConfiguration.Decode(input);
            Require(configuration.ToString() == ClusterConfiguration.Decode(configuration.Encode()).ToString(), "a configuration is read differently the second time");
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
