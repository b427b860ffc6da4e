namespace RaftKv.Embedded.Storage;

/// <summary>
/// Neighbouring leaves, one in each slot. A slot begins at a fence key, which never changes. A leaf is replaced in its slot; a change of
/// the slots makes a new node. A reader that holds a node which was replaced meanwhile still finds in it every key that existed during the
/// whole read.
/// </summary>
internal sealed class KeyIndexNode(KeyIndexRun fences, KeyIndexRun[] leaves)
{
    /// <summary>A node with a single empty leaf, to which every key belongs.</summary>
    public KeyIndexNode() : this(KeyIndexRun.Empty.Insert(0, default), [KeyIndexRun.Empty])
    {
    }

    public int Count => leaves.Length;

    public bool IsFull => Count > KeyIndexRun.MaxKeys;

    public ReadOnlySpan<byte> LowFence => fences[0];

    public KeyIndexRun Leaf(int slot) => Volatile.Read(ref leaves[slot]);

    public void Replace(int slot, KeyIndexRun leaf) => Volatile.Write(ref leaves[slot], leaf);

    /// <summary>The slot to which <paramref name="key"/> belongs.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        var slot = fences.Find(key);
        return slot >= 0 ? slot : Math.Max(~slot - 1, 0);
    }

    public KeyIndexNode Split(int slot, KeyIndexRun left, KeyIndexRun right) => new(
        fences.Insert(slot + 1, right[0]),
        [.. leaves[..slot], left, right, .. leaves[(slot + 1)..]]);

    /// <summary>A new node in which <paramref name="leaf"/> replaces the leaves of <paramref name="slot"/> and of the next slot.</summary>
    public KeyIndexNode Merge(int slot, KeyIndexRun leaf) => new(
        fences.Remove(slot + 1),
        [.. leaves[..slot], leaf, .. leaves[(slot + 2)..]]);

    public KeyIndexNode WithLowestFence() => new(fences.Remove(0).Insert(0, default), [.. leaves]);

    public KeyIndexNode Slice(int from, int to) => new(fences.Slice(from, to - from), leaves[from..to]);
}
