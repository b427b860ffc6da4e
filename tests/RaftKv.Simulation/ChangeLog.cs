using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Watch;

namespace RaftKv.Simulation;

/// <summary>
/// Every change that the committed entries make, produced by a state machine that applies each entry once. What watchers and scans see is
/// compared with it.
/// </summary>
/// <param name="checks">Is told of the same changes.</param>
internal sealed class ChangeLog(IKvChangeSink checks) : IKvChangeSink
{
    private readonly List<LoggedChange> _changes = [];
    private readonly Dictionary<string, byte[]> _values = [];

    public int Count => _changes.Count;

    public LoggedChange this[int i] => _changes[i];

    public void Putting(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        checks.Putting(key, before, header, value);
        var (name, written) = (Encoding.UTF8.GetString(key), value.ToArray());
        _changes.Add(new LoggedChange(KvChangeKind.Put, header.Version, name, written, header.CreateVersion, header.WriteCount,
            before.Version, _values.GetValueOrDefault(name, [])));
        _values[name] = written;
    }

    public void Erasing(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index)
    {
        checks.Erasing(key, before, kind, index);
        var name = Encoding.UTF8.GetString(key);
        _changes.Add(new LoggedChange(kind, index, name, [], before.CreateVersion, before.WriteCount, before.Version, _values[name]));
        _values.Remove(name);
    }

    public void EntryEnded(long index) => checks.EntryEnded(index);

    /// <summary>The first change in the range at or behind a place in the list whose version is at least the one given.</summary>
    public int Next(int from, KeyInterval keys, long version)
    {
        while (from < _changes.Count && (_changes[from].Version < version || !_changes[from].IsIn(keys)))
            from++;
        return from;
    }

    /// <summary>What the keys of the range held at a version, in order.</summary>
    public IReadOnlyList<LoggedChange> StateAt(long version, KeyInterval keys)
    {
        var state = new SortedDictionary<string, LoggedChange>(StringComparer.Ordinal);
        foreach (var change in _changes)
        {
            if (change.Version > version)
                break;
            if (!change.IsIn(keys))
                continue;
            if (change.Kind == KvChangeKind.Put)
                state[change.Key] = change;
            else
                state.Remove(change.Key);
        }
        return [.. state.Values];
    }
}
