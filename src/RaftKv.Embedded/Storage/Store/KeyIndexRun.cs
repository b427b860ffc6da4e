namespace RaftKv.Embedded.Storage;

/// <summary>
/// A run of keys in order: a leaf of the index, or the fences of a node. It is the keys' numbers on a page, and immutable: the run that
/// replaces it shares its page while that has room, so that adding or removing a key copies one byte for each of its neighbours.
/// </summary>
internal sealed class KeyIndexRun
{
    public const int MaxKeys = 128;

    private const int MaxBytes = 8 * 1024;

    // A full page is replaced by one with half as much room again. It keeps below the 256 keys that a byte can number.
    private const int SpareKeys = 8;
    private const int SpareBytes = 64;
    private const int WasteFactor = 4;

    /// <summary>The run itself, the head of its array, and its place in the node.</summary>
    private const int ObjectBytes = 72;

    private readonly KeyIndexPage _page;
    private readonly byte[] _order;
    private readonly int _bytes;

    private KeyIndexRun(KeyIndexPage page, byte[] order, int bytes) => (_page, _order, _bytes) = (page, order, bytes);

    public static KeyIndexRun Empty { get; } = new(new KeyIndexPage(0, 0), [], 0);

    public int Count => _order.Length;

    /// <summary>What it takes in memory, its page included.</summary>
    public int MemoryBytes => ObjectBytes + _order.Length + _page.MemoryBytes;

    public bool IsFull => Count > 1 && (Count > MaxKeys || _bytes > MaxBytes);

    public ReadOnlySpan<byte> this[int i] => _page[_order[i]];

    /// <summary>Whether both together are half a run, so that they do not soon split again.</summary>
    public bool CanJoin(KeyIndexRun next) => Count + next.Count <= MaxKeys / 2 && _bytes + next._bytes <= MaxBytes / 2;

    /// <summary>Where <paramref name="key"/> is; the complement of where it would be if it is not.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = this[middle].SequenceCompareTo(key);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }

    public KeyIndexRun Insert(int at, ReadOnlySpan<byte> key)
    {
        if (!_page.HasRoomFor(key))
            return Copy(0, Count, Count / 2 + SpareKeys, _bytes / 2 + SpareBytes + key.Length).Insert(at, key);
        var order = GC.AllocateUninitializedArray<byte>(Count + 1);
        _order.AsSpan(0, at).CopyTo(order);
        order[at] = _page.Append(key);
        _order.AsSpan(at).CopyTo(order.AsSpan(at + 1));
        return new KeyIndexRun(_page, order, _bytes + key.Length);
    }

    /// <summary>The key's bytes stay on the page until that is full or mostly waste.</summary>
    public KeyIndexRun Remove(int at)
    {
        var order = GC.AllocateUninitializedArray<byte>(Count - 1);
        _order.AsSpan(0, at).CopyTo(order);
        _order.AsSpan(at + 1).CopyTo(order.AsSpan(at));
        var run = new KeyIndexRun(_page, order, _bytes - this[at].Length);
        return _page.Count > WasteFactor * run.Count + SpareKeys ? run.Slice(0, run.Count) : run;
    }

    /// <summary>The keys from <paramref name="from"/> on, <paramref name="count"/> of them, on a page of their own.</summary>
    public KeyIndexRun Slice(int from, int count) => Copy(from, count, spareKeys: 0, spareBytes: 0);

    public KeyIndexRun Join(KeyIndexRun next)
    {
        var run = Copy(0, Count, next.Count, next._bytes);
        for (var i = 0; i < next.Count; i++)
            run = run.Insert(run.Count, next[i]);
        return run;
    }

    /// <summary>
    /// Where to split a full run whose newest key is at <paramref name="newest"/>. Keys that arrive in order fill the runs behind them;
    /// others split it in halves.
    /// </summary>
    public int SplitPoint(int newest)
    {
        if (newest == Count - 1)
            return newest;
        var half = 1;
        for (var bytes = this[0].Length; half < Count - 1 && bytes < _bytes / 2; half++)
            bytes += this[half].Length;
        return half;
    }

    private KeyIndexRun Copy(int from, int count, int spareKeys, int spareBytes)
    {
        var bytes = 0;
        for (var i = from; i < from + count; i++)
            bytes += this[i].Length;
        var page = new KeyIndexPage(count + spareKeys, bytes + spareBytes);
        var order = GC.AllocateUninitializedArray<byte>(count);
        for (var i = 0; i < count; i++)
            order[i] = page.Append(this[from + i]);
        return new KeyIndexRun(page, order, bytes);
    }
}
