using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Simulation;

/// <summary>Where everything random in a run comes from.</summary>
internal sealed class SimRandom(ulong seed)
{
    public Prng Source { get; } = new(seed);

    /// <summary>
    /// Another source, named by a number: what it gives depends on the seed and the name only, not on what was drawn before. So what is left out of a run, or added to it, does not
    /// change the dice of the rest.
    /// </summary>
    public SimRandom Fork(ulong name) => new(new Prng(seed ^ new Prng(name).Next()).Next());

    public SimRandom Fork(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in name)
            hash = (hash ^ letter) * 1099511628211UL;
        return Fork(hash);
    }

    public long Below(long bound) => Source.Below(bound);

    /// <summary>Both included.</summary>
    public long Between(long low, long high) => low + Source.Below(high - low + 1);

    public bool OneIn(long n) => Source.Below(n) == 0;

    public bool Percent(long percent) => Source.Below(100) < percent;

    /// <summary>Mostly short, now and then several times as long: as waits are.</summary>
    public long Around(long typical)
    {
        var wait = Between(typical / 4, typical * 2);
        return OneIn(20) ? wait * Between(2, 8) : wait;
    }

    /// <summary>An id of a cluster or of a data directory.</summary>
    public Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Source.Next());
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Source.Next());
        return new Guid(bytes);
    }

    public T Pick<T>(IReadOnlyList<T> from) => from[(int)Source.Below(from.Count)];
}
