namespace RaftKv.Integration.Chaos.Network;

/// <summary>The faults that the connections from one node to another have at the moment.</summary>
public sealed class LinkState
{
    private int epoch;

    /// <summary>The delay of each piece of data, in milliseconds; 0 is none.</summary>
    public volatile int DelayMs;

    /// <summary>No data passes, and the connections stay open without an error.</summary>
    public volatile bool IsSilent;

    /// <summary>The bandwidth in bytes per second; 0 is no limit.</summary>
    public volatile int BytesPerSecond;

    /// <summary>Changes when all connections that exist at the moment must end with a reset.</summary>
    public int Epoch => Volatile.Read(ref epoch);

    public void Reset() => Interlocked.Increment(ref epoch);

    public void Heal()
    {
        // A link that was silent has lost the data that was sent meanwhile, like a half-open connection: so its connections are reset.
        if (IsSilent)
            Reset();
        (DelayMs, IsSilent, BytesPerSecond) = (0, false, 0);
    }
}
