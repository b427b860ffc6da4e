namespace RaftKv.Embedded.Storage;

/// <summary>
/// A run of keys in order: a leaf of the index, or the fences of a node. It is an immutable list of the keys' numbers on a page. The run
/// that replaces it shares its page while that has room, so that adding or removing a key copies only one byte for each other key.
/// </summary>
internal sealed class KeyIndexRun
{
    public const int MaxKeys = 128;

    private const int MaxBytes = 8 * 1024;

    // A full page is replaced by one with room for half as many keys more. A page has fewer than 256 keys, so that a byte can number them.
    private const int SpareKeys = 8;
    private const int SpareBytes = 64;
    private const int WasteFactor = 4;

    /// <summary>The bytes of the run object, of the header of its array, and of the reference in the node.</summary>
    private const int ObjectBytes = 72;

    private readonly KeyIndexPage _page;
    private readonly byte[] _order;
    private readonly int _bytes;

    private KeyIndexRun(KeyIndexPage page, byte[] order, int bytes) => (_page, _order, _bytes) = (page, order, bytes);

    public static KeyIndexRun Empty { get; } = new(new KeyIndexPage(0, 0), [], 0);

    public int Count => _order.Length;

    /// <summary>The bytes of the run in memory, including its page.</summary>
    public int MemoryBytes => ObjectBytes + _order.Length + _page.MemoryBytes;

    public bool IsFull => Count > 1 && (Count > MaxKeys || _bytes > MaxBytes);

    public ReadOnlySpan<byte> this[int i] => _page[_order[i]];

    /// <summary>Whether both together are at most half a run, so that the result is not split again soon.</summary>
    public bool CanJoin(KeyIndexRun next) => Count + next.Count <= MaxKeys / 2 && _bytes + next._bytes <= MaxBytes / 2;

    /// <summary>
    /// The position of <paramref name="key"/>; if it is absent, the bitwise complement of the position where it would be.
    /// </summary>
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

    /// <summary>The keys from <paramref name="from"/> on, <paramref name="count"/> of them, on a new page.</summary>
    public KeyIndexRun Slice(int from, int count) => Copy(from, count, spareKeys: 0, spareBytes: 0);

    public KeyIndexRun Join(KeyIndexRun next)
    {
        var run = Copy(0, Count, next.Count, next._bytes);
        for (var i = 0; i < next.Count; i++)
            run = run.Insert(run.Count, next[i]);
        return run;
    }

    /// <summary>
    /// Where to split a full run whose newest key is at <paramref name="newest"/>. When keys arrive in order, only the newest key moves, so
    /// that the runs before it stay full; otherwise the run is split in halves.
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
