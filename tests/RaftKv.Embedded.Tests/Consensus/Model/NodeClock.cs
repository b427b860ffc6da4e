using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>A node's own clock, and which of its timer, disk and state machine have work scheduled.</summary>
internal sealed class NodeClock(double rate, long offset)
{
    public long PausedUntil { get; set; }

    public long Armed { get; set; }

    public int ArmedLife { get; set; }

    public int DiskBusyLife { get; set; }

    public int ApplierBusyLife { get; set; }

    public Moment Read(long time) => new((long)(time * rate) + offset, 1_700_000_000_000 + (time / TimeSpan.TicksPerMillisecond));

    public long TimeOf(long ticks) => (long)((ticks - offset) / rate) + 1;
}
