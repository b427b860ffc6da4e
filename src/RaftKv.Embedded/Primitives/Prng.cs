namespace RaftKv.Embedded.Primitives;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same on every platform.</summary>
internal sealed class Prng(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return Mix(_state);
    }

    /// <summary>The finalizer of SplitMix64. The sums of records depend on it: it must not change.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number in [0, <paramref name="bound"/>).</summary>
    public long Below(long bound) => (long)(Next() % (ulong)bound);
}
