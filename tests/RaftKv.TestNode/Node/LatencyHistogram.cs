using System.Numerics;

namespace RaftKv.TestNode.Node;

/// <summary>
/// Counts latencies in buckets whose width is 1/64 of their value, all allocated up front: recording costs a few instructions and no
/// allocation, and a percentile is exact to 1.6 %. One writer.
/// </summary>
public sealed class LatencyHistogram
{
    private const int MantissaBits = 6;
    private const int Mantissas = 1 << MantissaBits;

    private readonly long[] counts = new long[(64 - MantissaBits) * Mantissas];

    public long Count { get; private set; }

    public long MaxNanoseconds { get; private set; }

    public void Record(long nanoseconds)
    {
        counts[BucketOf(nanoseconds)]++;
        Count++;
        MaxNanoseconds = Math.Max(MaxNanoseconds, nanoseconds);
    }

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < counts.Length; i++)
            counts[i] += other.counts[i];
        Count += other.Count;
        MaxNanoseconds = Math.Max(MaxNanoseconds, other.MaxNanoseconds);
    }

    /// <summary>The latency that this fraction of the calls did not exceed, in microseconds; 0 without calls.</summary>
    public double PercentileUs(double fraction)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(fraction * Count));
        var seen = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            seen += counts[i];
            if (seen >= rank)
                return Math.Min(MiddleOf(i), MaxNanoseconds) / 1e3;
        }

        return 0;
    }

    private static int BucketOf(long nanoseconds)
    {
        var value = (ulong)Math.Max(0, nanoseconds);
        if (value < Mantissas)
            return (int)value;
        var shift = BitOperations.Log2(value) - MantissaBits;
        return ((shift + 1) << MantissaBits) + (int)((value >> shift) - Mantissas);
    }

    private static double MiddleOf(int bucket)
    {
        if (bucket < Mantissas)
            return bucket;
        var shift = (bucket >> MantissaBits) - 1;
        return (Mantissas + (bucket & (Mantissas - 1)) + 0.5) * Math.Pow(2, shift);
    }
}
