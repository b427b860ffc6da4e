using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Tests.Consensus.Model;

internal static class ModelClusters
{
    public static Guid Incarnation(string nodeId, int life = 0) =>
        new((int)nodeId[^1], (short)life, 0, new byte[8]);

    public static ClusterConfiguration Voters(params IEnumerable<string> ids) =>
        new(ids.Select(id => new Member(id, $"{id}:1", Incarnation(id), MemberRole.Voter)));

    /// <summary>Writes what the initial members of a cluster have on their disks before they start: term 1 and the configuration.</summary>
    public static void Found(ModelDisk disk, ClusterConfiguration configuration)
    {
        disk.Term = 1;
        disk.Entries.Add(new LogEntry(1, 1, 0, EntryKind.Configuration, configuration.Encode()));
    }
}
