using System.Buffers.Binary;
using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>Which reads of keys with a sliding expiration renew the key.</summary>
public sealed class SlidingExpirationTrackerTests
{
    private const int Sessions = 100_000;

    private static readonly long Sliding = TimeSpan.FromMinutes(20).Ticks;
    private static readonly long Turn = TimeSpan.FromMilliseconds(20).Ticks;

    private readonly SlidingExpirationTracker _used = new();

    [Fact]
    public void As_many_sessions_as_are_read_in_turn_stay_alive()
    {
        // Each session is read at least every ten minutes, and renewed a second after the read was taken.
        const int perTurn = Sessions / (10 * 60 * 50);
        var expires = Enumerable.Repeat(Sliding, Sessions).ToArray();
        var renewals = new Queue<(long At, List<(long Version, byte[] Key)> Keys)>();
        var next = 0;
        var expired = 0;

        for (var now = 0L; now < 3 * Sliding; now += Turn)
        {
            for (var i = 0; i < Math.Max(perTurn, 4); i++, next = (next + 1) % Sessions)
            {
                if (expires[next] < now)
                    expired++;
                else if (expires[next] - (Sliding - Sliding / 4) <= now)
                    _used.RecordAccess(Key(next), 1, now, Sliding);
            }
            if (_used.Take() is { } taken)
                renewals.Enqueue((now + TimeSpan.TicksPerSecond, taken));
            while (renewals.TryPeek(out var due) && due.At <= now)
                renewals.Dequeue().Keys.ForEach(noted => expires[BinaryPrimitives.ReadInt32BigEndian(noted.Key)] = now + Sliding);
        }

        Assert.Equal(0, expired);
    }

    [Fact]
    public void A_key_is_noted_once_while_its_renewal_is_under_way()
    {
        var quarter = TimeSpan.FromSeconds(1).Ticks;
        for (var now = 0L; now < quarter; now += Turn)
            _used.RecordAccess(Key(1), 1, now, 4 * quarter);
        Assert.Single(_used.Take()!);

        _used.RecordAccess(Key(1), 1, quarter, 4 * quarter);

        Assert.Single(_used.Take()!);
        Assert.Null(_used.Take());
    }

    [Fact]
    public void Reads_that_no_turn_takes_are_bounded()
    {
        for (var i = 0; i < Sessions; i++)
            _used.RecordAccess(Key(1), 1, i * TimeSpan.FromSeconds(2).Ticks, Sliding);

        Assert.InRange(_used.Take()!.Count, 1, 20_000);
    }

    private static byte[] Key(int number)
    {
        var key = new byte[40];
        BinaryPrimitives.WriteInt32BigEndian(key, number);
        return key;
    }
}
