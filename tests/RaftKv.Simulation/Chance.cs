using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation;

/// <summary>Where everything random in a run comes from.</summary>
internal sealed class Chance(ulong seed)
{
    public Prng Source { get; } = new(seed);

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

    public T Pick<T>(IReadOnlyList<T> from) => from[(int)Source.Below(from.Count)];
}
