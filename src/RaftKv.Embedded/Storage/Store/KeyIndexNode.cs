namespace RaftKv.Embedded.Storage;

/// <summary>
/// Neighbouring leaves. Each slot begins at a fence key and keeps it for life; a leaf is replaced in its slot, and a change of the slots
/// makes a new node. A reader that holds a node replaced since still finds in it every key that existed all the while.
/// </summary>
internal sealed class KeyIndexNode(KeyIndexRun fences, KeyIndexRun[] leaves)
{
    /// <summary>A single leaf that every key belongs into.</summary>
    public KeyIndexNode() : this(KeyIndexRun.Empty.Insert(0, default), [KeyIndexRun.Empty])
    {
    }

    public int Count => leaves.Length;

    public bool IsFull => Count > KeyIndexRun.MaxKeys;

    public ReadOnlySpan<byte> LowFence => fences[0];

    public KeyIndexRun Leaf(int slot) => Volatile.Read(ref leaves[slot]);

    public void Replace(int slot, KeyIndexRun leaf) => Volatile.Write(ref leaves[slot], leaf);

    /// <summary>The slot that <paramref name="key"/> belongs into.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        var slot = fences.Find(key);
        return slot >= 0 ? slot : Math.Max(~slot - 1, 0);
    }

    public KeyIndexNode Split(int slot, KeyIndexRun left, KeyIndexRun right) => new(
        fences.Insert(slot + 1, right[0]),
        [.. leaves[..slot], left, right, .. leaves[(slot + 1)..]]);

    /// <summary>The leaf takes over the slot behind it.</summary>
    public KeyIndexNode Merge(int slot, KeyIndexRun leaf) => new(
        fences.Remove(slot + 1),
        [.. leaves[..slot], leaf, .. leaves[(slot + 2)..]]);

    public KeyIndexNode WithLowestFence() => new(fences.Remove(0).Insert(0, default), [.. leaves]);

    public KeyIndexNode Slice(int from, int to) => new(fences.Slice(from, to - from), leaves[from..to]);
}
