using System.Buffers.Binary;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The lifetime of a key that is written, as it is encoded in commands: flags u8 (1 keep) | time to live | expires at | sliding | lease,
/// i64 each; 0 is none.
/// </summary>
/// <param name="Keep">The key keeps its current lifetime; all other fields are 0 then.</param>
/// <param name="TimeToLiveMs">Milliseconds from the log time of the entry on.</param>
/// <param name="ExpiresAtMs">
/// Unix milliseconds: in a command by log time, in the request of a caller by the caller's wall clock, see <see cref="Starting"/>.
/// </param>
/// <param name="SlidingMs">Milliseconds that the key lives without a use.</param>
/// <param name="LeaseId">The lease with which the key ends.</param>
internal readonly record struct KvLifetime(bool Keep, long TimeToLiveMs = 0, long ExpiresAtMs = 0, long SlidingMs = 0, long LeaseId = 0)
{
    public const int Bytes = 1 + 4 * sizeof(long);

    /// <summary>The longest time that is allowed: 100 years.</summary>
    public const long MaxMs = KvSetOptions.LongestMs;

    public bool IsNone => this == default;

    /// <summary>The lifetime that a caller requests.</summary>
    /// <exception cref="ArgumentException">The parts contradict each other.</exception>
    public static KvLifetime Of(in KvSetOptions options)
    {
        options.ThrowIfContradictory();
        return new(options.KeepLifetime, options.TimeToLiveMs, options.ExpiresAtMs, options.SlidingMs, options.LeaseId);
    }

    /// <summary>
    /// The same lifetime with the absolute time replaced by the time that is left according to the caller's wall clock, so that a
    /// difference between log time and wall clocks does not matter.
    /// </summary>
    public KvLifetime Starting(long wallMs) =>
        ExpiresAtMs == 0 ? this : this with { ExpiresAtMs = 0, TimeToLiveMs = Math.Clamp(ExpiresAtMs - wallMs, 1, MaxMs) };

    public void Write(Span<byte> to)
    {
        to[0] = Keep ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(to[1..], TimeToLiveMs);
        BinaryPrimitives.WriteInt64LittleEndian(to[9..], ExpiresAtMs);
        BinaryPrimitives.WriteInt64LittleEndian(to[17..], SlidingMs);
        BinaryPrimitives.WriteInt64LittleEndian(to[25..], LeaseId);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out KvLifetime lifetime)
    {
        lifetime = default;
        if (from.Length < Bytes || from[0] > 1)
            return false;
        lifetime = new KvLifetime(
            from[0] == 1,
            BinaryPrimitives.ReadInt64LittleEndian(from[1..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[9..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[17..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[25..]));
        return lifetime.IsSound;
    }

    /// <summary>The header of a record with this lifetime that is written at the log time <paramref name="nowMs"/>.</summary>
    public RecordHeader Give(in RecordHeader before, in RecordHeader plain, long nowMs)
    {
        if (Keep)
        {
            var kept = plain with
            {
                ExpiresAtMs = before.ExpiresAtMs,
                LeaseId = before.LeaseId,
                SlidingMs = before.SlidingMs,
                ExpiresByMs = before.ExpiresByMs,
            };
            return kept.SlidingMs == 0 ? kept : kept.UsedAt(nowMs);
        }
        var end = TimeToLiveMs != 0 ? nowMs + TimeToLiveMs : ExpiresAtMs;
        return SlidingMs == 0
            ? plain with { ExpiresAtMs = end, LeaseId = LeaseId }
            : (plain with { LeaseId = LeaseId, SlidingMs = SlidingMs, ExpiresByMs = end }).UsedAt(nowMs);
    }

    private bool IsSound => Keep
        ? (TimeToLiveMs | ExpiresAtMs | SlidingMs | LeaseId) == 0
        : TimeToLiveMs is >= 0 and <= MaxMs && ExpiresAtMs >= 0 && SlidingMs is >= 0 and <= MaxMs && LeaseId >= 0
        && (TimeToLiveMs == 0 || ExpiresAtMs == 0);
}
