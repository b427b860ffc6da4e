using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Simulation;

/// <summary>The source of all random numbers of a run.</summary>
internal sealed class SimRandom(ulong seed)
{
    public Prng Source { get; } = new(seed);

    /// <summary>
    /// Another source, named by a number: its numbers depend only on the seed and the name, not on what was drawn before. So a part that is
    /// left out of a run, or added to it, does not change the random numbers of the rest.
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

    /// <summary>A number between the two, both included.</summary>
    public long Between(long low, long high) => low + Source.Below(high - low + 1);

    public bool OneIn(long n) => Source.Below(n) == 0;

    public bool Percent(long percent) => Source.Below(100) < percent;

    /// <summary>A random wait around a typical one: mostly short, now and then several times as long.</summary>
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
