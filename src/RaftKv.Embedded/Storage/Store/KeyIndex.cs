using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The keys of the store in ordinal order of their UTF-8 bytes, without their values: FASTER, a hash store, has no order. One thread
/// writes. Any number of threads read meanwhile without a lock, because a leaf never changes: each write replaces a leaf, and publishes the
/// new one by one reference.
/// </summary>
internal sealed class KeyIndex
{
    // Three levels: the root's nodes, their leaves, the leaves' keys. The root of a hundred million keys has about 20,000 nodes.
    private volatile KeyIndexNode[] _root = [new KeyIndexNode()];
    private long _count;
    private long _bytes;

    public long Count => Volatile.Read(ref _count);

    /// <summary>The bytes of the leaves in memory; the levels above them take less than a hundredth of it.</summary>
    public long MemoryBytes => Volatile.Read(ref _bytes);

    /// <summary>Writer only. False when the key is there already.</summary>
    public bool Add(ReadOnlySpan<byte> key)
    {
        var n = FindNode(_root, key);
        var node = _root[n];
        var slot = node.Find(key);
        var leaf = node.Leaf(slot);
        var at = leaf.Find(key);
        if (at >= 0)
            return false;
        var before = leaf.MemoryBytes;
        leaf = leaf.Insert(~at, key);
        Volatile.Write(ref _bytes, _bytes + leaf.MemoryBytes - before);
        if (leaf.IsFull)
            Split(n, slot, leaf, ~at);
        else
            node.Replace(slot, leaf);
        Volatile.Write(ref _count, _count + 1);
        return true;
    }

    /// <summary>Writer only. False when the key is not there.</summary>
    public bool Remove(ReadOnlySpan<byte> key)
    {
        var n = FindNode(_root, key);
        var node = _root[n];
        var slot = node.Find(key);
        var leaf = node.Leaf(slot);
        var at = leaf.Find(key);
        if (at < 0)
            return false;
        var before = leaf.MemoryBytes;
        leaf = leaf.Remove(at);
        Volatile.Write(ref _bytes, _bytes + leaf.MemoryBytes - before);
        node.Replace(slot, leaf);
        Merge(n, slot, leaf);
        Volatile.Write(ref _count, _count - 1);
        return true;
    }

    /// <summary>Any thread; see <see cref="IKvStore.CopyKeys"/>.</summary>
    public int CopyKeys(ReadOnlySpan<byte> from, bool after, ReadOnlySpan<byte> to, int max, List<byte[]> keys)
    {
        var root = _root;
        var n = FindNode(root, from);
        var node = Volatile.Read(ref root[n]);
        var slot = node.Find(from);
        var leaf = node.Leaf(slot);
        var i = leaf.Find(from);
        i = i < 0 ? ~i : after ? i + 1 : i;
        var copied = 0;
        while (true)
        {
            for (; i < leaf.Count; i++, copied++)
            {
                if (copied == max || (!to.IsEmpty && leaf[i].SequenceCompareTo(to) >= 0))
                    return copied;
                keys.Add(leaf[i].ToArray());
            }
            if (++slot == node.Count)
            {
                if (++n == root.Length)
                    return copied;
                node = Volatile.Read(ref root[n]);
                slot = 0;
            }
            leaf = node.Leaf(slot);
            i = 0;
        }
    }

    /// <summary>Any thread; see <see cref="IKvStore.CopyKeysDescending"/>.</summary>
    public int CopyKeysDescending(ReadOnlySpan<byte> from, ReadOnlySpan<byte> before, int max, List<byte[]> keys)
    {
        var root = _root;
        var n = before.IsEmpty ? root.Length - 1 : FindNode(root, before);
        var node = Volatile.Read(ref root[n]);
        var slot = before.IsEmpty ? node.Count - 1 : node.Find(before);
        var leaf = node.Leaf(slot);
        var end = before.IsEmpty ? leaf.Count : leaf.Find(before);
        var i = (end < 0 ? ~end : end) - 1;
        var copied = 0;
        while (true)
        {
            for (; i >= 0; i--, copied++)
            {
                if (copied == max || leaf[i].SequenceCompareTo(from) < 0)
                    return copied;
                keys.Add(leaf[i].ToArray());
            }
            if (--slot < 0)
            {
                if (--n < 0)
                    return copied;
                node = Volatile.Read(ref root[n]);
                slot = node.Count - 1;
            }
            leaf = node.Leaf(slot);
            i = leaf.Count - 1;
        }
    }

    private void Split(int n, int slot, KeyIndexRun leaf, int newest)
    {
        var at = leaf.SplitPoint(newest);
        var (left, right) = (leaf.Slice(0, at), leaf.Slice(at, leaf.Count - at));
        Volatile.Write(ref _bytes, _bytes + left.MemoryBytes + right.MemoryBytes - leaf.MemoryBytes);
        var node = _root[n].Split(slot, left, right);
        if (!node.IsFull)
        {
            Volatile.Write(ref _root[n], node);
            return;
        }
        var half = slot == node.Count - 2 ? node.Count - 1 : node.Count / 2;
        _root = [.. _root[..n], node.Slice(0, half), node.Slice(half, node.Count), .. _root[(n + 1)..]];
    }

    private void Merge(int n, int slot, KeyIndexRun leaf)
    {
        var node = _root[n];
        if (node.Count == 1)
        {
            if (leaf.Count == 0 && _root.Length > 1)
            {
                Volatile.Write(ref _bytes, _bytes - leaf.MemoryBytes);
                RemoveNode(n);
            }
            return;
        }
        var left = slot == node.Count - 1 ? slot - 1 : slot;
        var (first, second) = (node.Leaf(left), node.Leaf(left + 1));
        if (!first.CanJoin(second))
            return;
        var joined = first.Join(second);
        Volatile.Write(ref _bytes, _bytes + joined.MemoryBytes - first.MemoryBytes - second.MemoryBytes);
        Volatile.Write(ref _root[n], node.Merge(left, joined));
    }

    /// <summary>
    /// Removes a node without keys. Its range of keys goes to the node before it. The first node has none before it, so the second one
    /// takes its place and its fence.
    /// </summary>
    private void RemoveNode(int n)
    {
        if (n == 0)
            _root = [_root[1].WithLowestFence(), .. _root[2..]];
        else
            _root = [.. _root[..n], .. _root[(n + 1)..]];
    }

    private static int FindNode(KeyIndexNode[] root, ReadOnlySpan<byte> key)
    {
        var (low, high) = (1, root.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (root[middle].LowFence.SequenceCompareTo(key) <= 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low - 1;
    }
}
