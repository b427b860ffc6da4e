namespace RaftKv.Embedded.Replica;

/// <summary>
/// The fingerprints of this node's copy at entries that are the same on every node, for comparing copies at equal versions. The applier adds, the holder of the turn looks up.
/// </summary>
internal sealed class IntegritySamples
{
    /// <summary>Every so many entries one; a power of two.</summary>
    private const int Stride = 64;

    /// <summary>How many are kept: a node may be that many strides behind and still be compared.</summary>
    private const int Kept = 4096;

    private readonly Lock _gate = new();
    private readonly (long Index, ulong Fingerprint)[] _samples = new (long, ulong)[Kept];
    private long _newest;

    public static bool IsDue(long index) => (index & (Stride - 1)) == 0;

    /// <summary>The newest entry with a sample; 0 is none.</summary>
    public long Newest => Volatile.Read(ref _newest);

    public void Add(long index, ulong fingerprint)
    {
        lock (_gate)
            _samples[SlotOf(index)] = (index, fingerprint);
        Volatile.Write(ref _newest, index);
    }

    public bool TryGet(long index, out ulong fingerprint)
    {
        lock (_gate)
        {
            var sample = _samples[SlotOf(index)];
            fingerprint = sample.Fingerprint;
            return index > 0 && sample.Index == index;
        }
    }

    /// <summary>What was sampled so far was of a copy that counts no more.</summary>
    public void Clear()
    {
        lock (_gate)
            Array.Clear(_samples);
        Volatile.Write(ref _newest, 0);
    }

    private static int SlotOf(long index) => (int)(index / Stride % Kept);
}
