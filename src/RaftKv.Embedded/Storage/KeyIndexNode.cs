namespace RaftKv.Embedded.Storage;

/// <summary>
/// Neighbouring leaves. Each slot begins at a fence key and keeps it for life; a leaf is replaced in its slot, and a change of the slots makes a
/// new node. A reader that holds a node replaced since still finds in it every key that existed all the while.
/// </summary>
internal sealed class KeyIndexNode(byte[][] fences, KeyIndexLeaf[] leaves)
{
    private const int MaxLeaves = 256;

    public int Count => leaves.Length;

    public bool IsFull => leaves.Length > MaxLeaves;

    public byte[] LowFence => fences[0];

    public KeyIndexLeaf Leaf(int slot) => Volatile.Read(ref leaves[slot]);

    public void Replace(int slot, KeyIndexLeaf leaf) => Volatile.Write(ref leaves[slot], leaf);

    /// <summary>The slot that <paramref name="key"/> belongs into.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        var (low, high) = (1, fences.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (((ReadOnlySpan<byte>)fences[middle]).SequenceCompareTo(key) <= 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low - 1;
    }

    public KeyIndexNode Split(int slot, KeyIndexLeaf left, KeyIndexLeaf right) => new(
        [.. fences[..(slot + 1)], right[0].ToArray(), .. fences[(slot + 1)..]],
        [.. leaves[..slot], left, right, .. leaves[(slot + 1)..]]);

    /// <summary>The leaf takes over the slot behind it.</summary>
    public KeyIndexNode Merge(int slot, KeyIndexLeaf leaf) => new(
        [.. fences[..(slot + 1)], .. fences[(slot + 2)..]],
        [.. leaves[..slot], leaf, .. leaves[(slot + 2)..]]);

    public KeyIndexNode WithLowestFence() => new([[], .. fences[1..]], [.. leaves]);

    public KeyIndexNode Slice(int from, int to) => new(fences[from..to], leaves[from..to]);
}
