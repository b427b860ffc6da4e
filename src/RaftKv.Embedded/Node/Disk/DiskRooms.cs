using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>
/// What a leader knows of the room on the disks of its cluster. Each member reports how much it has above its own reserve; each byte that
/// is appended after the report is subtracted <see cref="DiskReserve.Growth"/> times, until the next report.
/// </summary>
internal sealed class DiskRooms
{
    private readonly Dictionary<string, long> _limits = [];

    /// <summary>A member has reported how much room it has.</summary>
    /// <param name="nodeId">The member.</param>
    /// <param name="room">The room above its reserve, in bytes; negative when there is less.</param>
    /// <param name="appendedBytes">All bytes that this leader has ever appended by now.</param>
    public void Note(string nodeId, long room, long appendedBytes) =>
        _limits[nodeId] = room >= long.MaxValue / 2 ? long.MaxValue : appendedBytes + room / DiskReserve.Growth - (room < 0 ? 1 : 0);

    public void Clear() => _limits.Clear();

    /// <summary>Whether the member is known to have no room once so much was appended.</summary>
    public bool Lacks(string nodeId, long appendedBytes) => _limits.TryGetValue(nodeId, out var limit) && limit < appendedBytes;

    /// <summary>
    /// How many bytes may ever be appended before a quorum lacks room, as far as is known. A voter that is silent does not count.
    /// </summary>
    /// <param name="configuration">The members.</param>
    /// <param name="isAlive">Whether a voter was heard lately.</param>
    public long Limit(ClusterConfiguration configuration, Func<string, bool> isAlive)
    {
        var limits = new List<long>(configuration.VoterCount);
        var isKnown = false;
        foreach (var member in configuration.Members)
        {
            if (!member.IsVoter || !isAlive(member.NodeId))
                continue;
            isKnown |= _limits.TryGetValue(member.NodeId, out var limit);
            limits.Add(_limits.ContainsKey(member.NodeId) ? limit : long.MaxValue);
        }
        // When too few voters are heard, nothing commits for another reason than lack of room, unless one that is heard has none.
        if (!isKnown)
            return long.MaxValue;
        limits.Sort();
        return limits.Count < configuration.Quorum ? limits[0] : limits[^configuration.Quorum];
    }

    /// <summary>The voters without room, for log messages.</summary>
    public string Lacking(ClusterConfiguration configuration, long appendedBytes) =>
        string.Join(", ", configuration.Members.Where(m => m.IsVoter && Lacks(m.NodeId, appendedBytes)).Select(m => m.NodeId));
}
