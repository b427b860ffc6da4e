using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The wall clocks of the members, as they were reported and as they go on by this node's monotonic clock. Log time may follow the median
/// of a quorum's clocks: it is within what the correct clocks show as long as a majority of them is correct.
/// </summary>
internal sealed class WallClocks(string self)
{
    /// <summary>A clock that differs from the median by more than this is reported.</summary>
    public static readonly long ToleranceMs = 1_000;

    // What each clock shows when the monotonic clock shows zero, in milliseconds.
    private readonly Dictionary<string, Reading> _readings = [];
    private readonly List<long> _sorted = [];

    /// <summary>
    /// What the median clock shows when the monotonic clock shows zero, in milliseconds; <c>null</c> while the clocks of a quorum are not
    /// known.
    /// </summary>
    public long? MedianMs { get; private set; }

    /// <summary>
    /// The members whose clocks differ from the median by more than <see cref="ToleranceMs"/> at two readings in a row, and by how much, in
    /// milliseconds.
    /// </summary>
    public IReadOnlyDictionary<string, long> Differences { get; private set; } = new Dictionary<string, long>();

    /// <summary>
    /// A member reports what its wall clock shows. How long the message was under way is not known, and makes the clock appear behind by
    /// that much.
    /// </summary>
    public void Note(string nodeId, Guid incarnation, long unixMs, long nowTicks)
    {
        if (unixMs is <= 0 or >= KvTime.MaxUnixMs)
            return;
        var wasOff = _readings.TryGetValue(nodeId, out var before) && Math.Abs(DifferenceOf(before)) > ToleranceMs;
        _readings[nodeId] = new Reading(incarnation, unixMs - (nowTicks / TimeSpan.TicksPerMillisecond), wasOff);
    }

    /// <summary>
    /// Computes the median for the voters of this configuration again. Returns what has changed about <see cref="Differences"/>: members
    /// that differ now, or no longer.
    /// </summary>
    public IReadOnlyList<(string NodeId, long DifferenceMs)> Update(ClusterConfiguration configuration)
    {
        foreach (var nodeId in _readings.Keys)
        {
            if (nodeId != self && configuration.Find(nodeId)?.Incarnation != _readings[nodeId].Incarnation)
                _readings.Remove(nodeId);
        }
        _sorted.Clear();
        foreach (var member in configuration.Members)
        {
            if (member.IsVoter && _readings.TryGetValue(member.NodeId, out var reading))
                _sorted.Add(reading.Ms);
        }
        _sorted.Sort();
        // Of two in the middle the earlier one: a clock that is behind makes log time wait, one that is ahead would let keys expire.
        MedianMs = configuration.VoterCount > 0 && _sorted.Count >= configuration.Quorum ? _sorted[(_sorted.Count - 1) / 2] : null;
        return Compare(configuration);
    }

    private List<(string NodeId, long DifferenceMs)> Compare(ClusterConfiguration configuration)
    {
        var differences = new Dictionary<string, long>();
        var changed = new List<(string, long)>();
        foreach (var (nodeId, reading) in _readings)
        {
            var difference = configuration.Find(nodeId) is null ? 0 : DifferenceOf(reading);
            if (Math.Abs(difference) > ToleranceMs && reading.FollowsOneThatWasOff)
                differences[nodeId] = difference;
            if (differences.ContainsKey(nodeId) != Differences.ContainsKey(nodeId))
                changed.Add((nodeId, difference));
        }
        Differences = differences;
        return changed;
    }

    private long DifferenceOf(Reading reading) => MedianMs is { } median ? reading.Ms - median : 0;

    private sealed record Reading(Guid Incarnation, long Ms, bool FollowsOneThatWasOff);
}
