using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// The configurations along the log. The newest one is in force from the moment it is appended (dissertation §4.1), so truncating the log
/// must be able to bring an older one back.
/// </summary>
internal sealed class ConfigurationHistory
{
    private readonly List<(long Index, ClusterConfiguration Configuration)> _entries = [];

    public ConfigurationHistory(RaftStart start)
    {
        _entries.Add((start.SnapshotConfigurationIndex, start.SnapshotConfiguration));
        foreach (var entry in start.Configurations)
        {
            if (entry.Index > start.SnapshotConfigurationIndex)
                Append(entry.Index, ClusterConfiguration.Decode(entry.Payload.Span));
        }
    }

    public ClusterConfiguration Current => _entries[^1].Configuration;

    public long CurrentIndex => _entries[^1].Index;

    public void Append(long index, ClusterConfiguration configuration)
    {
        Invariant.Holds(index > CurrentIndex, "configurations follow each other along the log");
        _entries.Add((index, configuration));
    }

    public void TruncateFrom(long index)
    {
        while (_entries.Count > 1 && CurrentIndex >= index)
            _entries.RemoveAt(_entries.Count - 1);
    }

    /// <summary>The newest configuration at or before <paramref name="index"/>.</summary>
    public (long Index, ClusterConfiguration Configuration) At(long index)
    {
        for (var i = _entries.Count - 1; i > 0; i--)
        {
            if (_entries[i].Index <= index)
                return _entries[i];
        }
        return _entries[0];
    }

    /// <summary>
    /// Whether a node has a vote in a configuration that may still be in force: the newest one up to <paramref name="commit"/>, or one
    /// after it. An entry after that index may be committed or not, above all after a restart, which forgets the commit index.
    /// </summary>
    public bool MayStillBeVoter(string nodeId, Guid incarnation, long commit)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Configuration.Find(nodeId) is { IsVoter: true } member && member.IsOf(incarnation))
                return true;
            if (_entries[i].Index <= commit)
                break;
        }
        return false;
    }

    /// <summary>
    /// Whether a node is in a configuration that has certainly been committed: one up to <paramref name="commit"/>, one that a newer one
    /// follows (a change begins only when the change before it is committed), or one after the bootstrap in which the node has a vote (it
    /// was committed as a learner before).
    /// </summary>
    public bool HasNamed(string nodeId, Guid incarnation, long commit)
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            var (index, configuration) = _entries[i];
            var isCommitted = index <= commit || i + 1 < _entries.Count;
            if (configuration.Find(nodeId) is { } member && member.IsOf(incarnation) && (isCommitted || (member.IsVoter && index > 1)))
                return true;
        }
        return false;
    }

    /// <summary>Whether no other node has a vote in any configuration that is known here.</summary>
    public bool HasNoOtherVoterThan(string nodeId, Guid incarnation)
    {
        foreach (var (_, configuration) in _entries)
        {
            foreach (var member in configuration.Members)
            {
                if (member.IsVoter && (member.NodeId != nodeId || !member.IsOf(incarnation)))
                    return false;
            }
        }
        return true;
    }

    /// <summary>Forgets the configurations that a newer one, up to <paramref name="index"/>, has replaced.</summary>
    public void ForgetBefore(long index)
    {
        while (_entries.Count > 1 && _entries[1].Index <= index)
            _entries.RemoveAt(0);
    }

    /// <summary>
    /// Takes over the configuration of a snapshot. It replaces the configurations up to the snapshot, and without
    /// <paramref name="keepSuffix"/> those after it as well.
    /// </summary>
    public void ReplaceUpTo(long snapshotIndex, long index, ClusterConfiguration configuration, bool keepSuffix)
    {
        _entries.RemoveAll(e => !keepSuffix || e.Index <= snapshotIndex);
        _entries.Insert(0, (index, configuration));
    }
}
