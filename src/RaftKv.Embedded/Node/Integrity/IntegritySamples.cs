namespace RaftKv.Embedded.Node;

/// <summary>
/// The fingerprints of this node's copy, for comparing copies at equal versions: of the newest entries, and of every <see cref="Stride"/>th
/// entry for a node that is behind. The applier adds, the holder of the turn looks up.
/// </summary>
internal sealed class IntegritySamples
{
    /// <summary>Every so many entries one is kept for long; a power of two.</summary>
    private const int Stride = 64;

    /// <summary>How many of those are kept: a node may be that many strides behind and still be compared.</summary>
    private const int Kept = 4096;

    /// <summary>So many of the newest entries have a sample each; a power of two.</summary>
    private const int Newest = 64;

    private readonly Lock _gate = new();
    private readonly (long Index, ulong Fingerprint)[] _samples = new (long, ulong)[Kept];
    private readonly (long Index, ulong Fingerprint)[] _newest = new (long, ulong)[Newest];
    private long _newestKept;
    private long _last;

    /// <summary>Whether an entry needs a sample.</summary>
    /// <param name="index">The entry.</param>
    /// <param name="left">How many entries of the same batch follow it.</param>
    public static bool IsDue(long index, int left) => left < Newest || IsKept(index);

    /// <summary>The newest entry whose sample is kept for long; 0 is none.</summary>
    public long NewestKept => Volatile.Read(ref _newestKept);

    /// <summary>The newest entry with a sample; 0 is none.</summary>
    public long Last => Volatile.Read(ref _last);

    public void Add(long index, ulong fingerprint)
    {
        lock (_gate)
        {
            _newest[index % Newest] = (index, fingerprint);
            if (IsKept(index))
                _samples[SlotOf(index)] = (index, fingerprint);
        }
        if (IsKept(index))
            Volatile.Write(ref _newestKept, index);
        Volatile.Write(ref _last, index);
    }

    public bool TryGet(long index, out ulong fingerprint)
    {
        fingerprint = 0;
        if (index <= 0)
            return false;
        lock (_gate)
        {
            var sample = _newest[index % Newest];
            if (sample.Index != index)
                sample = _samples[SlotOf(index)];
            fingerprint = sample.Fingerprint;
            return sample.Index == index;
        }
    }

    /// <summary>Drops all samples: they are of a copy that is replaced.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            Array.Clear(_samples);
            Array.Clear(_newest);
        }
        Volatile.Write(ref _newestKept, 0);
        Volatile.Write(ref _last, 0);
    }

    private static bool IsKept(long index) => (index & (Stride - 1)) == 0;

    private static int SlotOf(long index) => (int)(index / Stride % Kept);
}
