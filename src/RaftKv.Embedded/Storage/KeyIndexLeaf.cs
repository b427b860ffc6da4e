namespace RaftKv.Embedded.Storage;

/// <summary>A run of keys in order, packed: the bytes of all, and where each ends. Immutable.</summary>
internal sealed class KeyIndexLeaf(byte[] bytes, int[] ends)
{
    private const int MaxKeys = 128;
    private const int MaxBytes = 8 * 1024;

    private readonly byte[] _bytes = bytes;
    private readonly int[] _ends = ends;

    public static KeyIndexLeaf Empty { get; } = new([], []);

    public int Count => _ends.Length;

    public bool IsFull => Count > 1 && (Count > MaxKeys || _bytes.Length > MaxBytes);

    /// <summary>Whether both together are half a leaf, so that they do not soon split again.</summary>
    public bool CanJoin(KeyIndexLeaf next) => Count + next.Count <= MaxKeys / 2 && _bytes.Length + next._bytes.Length <= MaxBytes / 2;

    public ReadOnlySpan<byte> this[int i]
    {
        get
        {
            var start = Start(i);
            return _bytes.AsSpan(start, _ends[i] - start);
        }
    }

    /// <summary>Where <paramref name="key"/> is; the complement of where it would be if it is not.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        var (low, high) = (0, _ends.Length - 1);
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

    public KeyIndexLeaf Insert(int at, ReadOnlySpan<byte> key)
    {
        var start = Start(at);
        var newBytes = GC.AllocateUninitializedArray<byte>(_bytes.Length + key.Length);
        _bytes.AsSpan(0, start).CopyTo(newBytes);
        key.CopyTo(newBytes.AsSpan(start));
        _bytes.AsSpan(start).CopyTo(newBytes.AsSpan(start + key.Length));
        var newEnds = new int[_ends.Length + 1];
        _ends.AsSpan(0, at).CopyTo(newEnds);
        newEnds[at] = start + key.Length;
        for (var i = at; i < _ends.Length; i++)
            newEnds[i + 1] = _ends[i] + key.Length;
        return new KeyIndexLeaf(newBytes, newEnds);
    }

    public KeyIndexLeaf Remove(int at)
    {
        var (start, length) = (Start(at), this[at].Length);
        var newBytes = GC.AllocateUninitializedArray<byte>(_bytes.Length - length);
        _bytes.AsSpan(0, start).CopyTo(newBytes);
        _bytes.AsSpan(start + length).CopyTo(newBytes.AsSpan(start));
        var newEnds = new int[_ends.Length - 1];
        _ends.AsSpan(0, at).CopyTo(newEnds);
        for (var i = at; i < newEnds.Length; i++)
            newEnds[i] = _ends[i + 1] - length;
        return new KeyIndexLeaf(newBytes, newEnds);
    }

    /// <summary>The keys from <paramref name="from"/> on, <paramref name="count"/> of them.</summary>
    public KeyIndexLeaf Slice(int from, int count)
    {
        var start = Start(from);
        var newEnds = new int[count];
        for (var i = 0; i < count; i++)
            newEnds[i] = _ends[from + i] - start;
        return new KeyIndexLeaf(_bytes.AsSpan(start, newEnds[^1]).ToArray(), newEnds);
    }

    public KeyIndexLeaf Join(KeyIndexLeaf next)
    {
        var newEnds = new int[Count + next.Count];
        _ends.CopyTo(newEnds, 0);
        for (var i = 0; i < next.Count; i++)
            newEnds[Count + i] = _bytes.Length + next._ends[i];
        return new KeyIndexLeaf([.. _bytes, .. next._bytes], newEnds);
    }

    /// <summary>
    /// Where to split a full leaf whose newest key is at <paramref name="newest"/>. Keys that arrive in order fill the leaves behind them; others split it in halves.
    /// </summary>
    public int SplitPoint(int newest)
    {
        if (newest == Count - 1)
            return newest;
        var half = 1;
        while (half < Count - 1 && _ends[half - 1] < _bytes.Length / 2)
            half++;
        return half;
    }

    private int Start(int i) => i == 0 ? 0 : _ends[i - 1];
}
