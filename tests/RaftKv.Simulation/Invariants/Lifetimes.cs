using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Simulation.Invariants;

/// <summary>A key expires by an entry whose log time has reached its end, and never a moment earlier; log time never goes back.</summary>
internal sealed class Lifetimes(KvStateMachine machine) : IKvChangeSink
{
    private long _time;

    public void Putting(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        if (header.SlidingMs != 0 && header.ExpiresAtMs < Math.Min(machine.LogTimeMs + header.SlidingMs, header.ExpiresByMs == 0 ? long.MaxValue : header.ExpiresByMs))
            throw new BrokenInvariantException("Lifetimes", $"{Encoding.UTF8.GetString(key)} does not begin its sliding expiry anew: {header} at {machine.LogTimeMs}");
    }

    public void Erasing(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index)
    {
        if (kind == KvChangeKind.Expire && (before.ExpiresAtMs == 0 || before.ExpiresAtMs > machine.LogTimeMs))
            throw new BrokenInvariantException("Lifetimes", $"{Encoding.UTF8.GetString(key)} expires at {machine.LogTimeMs}, and lives until {before.ExpiresAtMs}");
    }

    public void EntryEnded(long index)
    {
        if (machine.LogTimeMs < _time)
            throw new BrokenInvariantException("Lifetimes", $"log time goes back from {_time} to {machine.LogTimeMs}");
        _time = machine.LogTimeMs;
    }
}
