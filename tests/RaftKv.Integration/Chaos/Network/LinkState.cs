namespace RaftKv.Integration.Chaos.Network;

/// <summary>How the connections from one node to another fare at the moment.</summary>
public sealed class LinkState
{
    private int epoch;

    /// <summary>Each piece is late by so much.</summary>
    public volatile int DelayMs;

    /// <summary>Nothing passes, and nobody is told: the connections stay.</summary>
    public volatile bool IsSilent;

    /// <summary>The receiver takes no more than this a second; 0 is no limit.</summary>
    public volatile int BytesPerSecond;

    /// <summary>Changes when all connections there are shall end with a reset.</summary>
    public int Epoch => Volatile.Read(ref epoch);

    public void Reset() => Interlocked.Increment(ref epoch);

    public void Heal()
    {
        // What was silent for long has lost what was said meanwhile, as a half-open connection has.
        if (IsSilent)
            Reset();
        (DelayMs, IsSilent, BytesPerSecond) = (0, false, 0);
    }
}
