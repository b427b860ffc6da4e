using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Watch;

/// <summary>
/// Finds the watchers of a key. Watchers of one key or of a prefix are found by one look-up for each length of prefix in use, however many
/// watchers there are; only watchers of other ranges are checked one by one.
/// </summary>
internal sealed class WatchIndex
{
    private readonly Dictionary<byte[], List<Watcher>> _keys = new(KeyBytesComparer.Instance);
    private readonly Dictionary<byte[], List<Watcher>> _prefixes = new(KeyBytesComparer.Instance);
    private readonly SortedList<int, int> _prefixLengths = [];
    private readonly List<Watcher> _ranges = [];

    public int Count { get; private set; }

    public IEnumerable<Watcher> All => _keys.Values.Concat(_prefixes.Values).SelectMany(watchers => watchers).Concat(_ranges);

    public void Add(Watcher watcher)
    {
        Count++;
        if (watcher.Keys.IsOneKey)
            Add(_keys, watcher);
        else if (!watcher.Keys.IsPrefix)
            _ranges.Add(watcher);
        else if (Add(_prefixes, watcher))
            _prefixLengths[watcher.Keys.From.Length] = _prefixLengths.GetValueOrDefault(watcher.Keys.From.Length) + 1;
    }

    public bool Remove(Watcher watcher)
    {
        var (found, emptied) = watcher.Keys.IsOneKey ? Remove(_keys, watcher)
            : watcher.Keys.IsPrefix ? Remove(_prefixes, watcher)
            : (_ranges.Remove(watcher), false);
        if (emptied && !watcher.Keys.IsOneKey && --_prefixLengths[watcher.Keys.From.Length] == 0)
            _prefixLengths.Remove(watcher.Keys.From.Length);
        if (found)
            Count--;
        return found;
    }

    /// <summary>Adds all watchers of <paramref name="key"/> to <paramref name="found"/>.</summary>
    public void Find(ReadOnlySpan<byte> key, List<Watcher> found)
    {
        if (_keys.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var watchers))
            found.AddRange(watchers);
        var prefixes = _prefixes.GetAlternateLookup<ReadOnlySpan<byte>>();
        foreach (var length in _prefixLengths.Keys)
        {
            if (length > key.Length)
                break;
            if (prefixes.TryGetValue(key[..length], out watchers))
                found.AddRange(watchers);
        }
        foreach (var watcher in _ranges)
        {
            if (watcher.Keys.Contains(key))
                found.Add(watcher);
        }
    }

    /// <summary><c>true</c> when it is the first watcher of its key or prefix.</summary>
    private static bool Add(Dictionary<byte[], List<Watcher>> to, Watcher watcher)
    {
        var isFirst = !to.TryGetValue(watcher.Keys.From, out var watchers);
        if (isFirst)
            to.Add(watcher.Keys.From, watchers = []);
        watchers!.Add(watcher);
        return isFirst;
    }

    private static (bool Found, bool Emptied) Remove(Dictionary<byte[], List<Watcher>> from, Watcher watcher)
    {
        if (!from.TryGetValue(watcher.Keys.From, out var watchers) || !watchers.Remove(watcher))
            return (false, false);
        if (watchers.Count > 0)
            return (true, false);
        from.Remove(watcher.Keys.From);
        return (true, true);
    }
}
