namespace RaftKv.Integration.Chaos.Faults;

/// <summary>Something that happens to the cluster, lasts for a while, and ends; afterwards everything is as before.</summary>
public abstract class ChaosFault
{
    public abstract string Name { get; }

    /// <summary>Whether this machine permits it.</summary>
    public virtual bool IsPossible(ChaosWorld world) => true;

    public abstract Task RunAsync(ChaosWorld world, Random random);

    protected static Task LastAsync(Random random, double fromSeconds, double toSeconds)
        => Task.Delay(TimeSpan.FromSeconds(fromSeconds + random.NextDouble() * (toSeconds - fromSeconds)));
}
