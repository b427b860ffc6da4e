using System.Runtime.InteropServices;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Keys with a sliding expiry that were read on this node and are to be renewed. A read only records the key; a turn takes all recorded
/// keys together. Bounded: a key that does not fit is not renewed by this read, but by a later one.
/// </summary>
internal sealed class SlidingExpirationTracker
{
    private const int MaxKeys = 20_000;
    private const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>
    /// A recorded key is not recorded again for so long, so that its renewal can be applied; for a quarter of its sliding expiry at most.
    /// </summary>
    private static readonly long LongestQuiet = TimeSpan.FromSeconds(2).Ticks;

    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], long> _quietUntil = new(KeyBytesComparer.Instance);
    private List<(long Version, byte[] Key)> _noted = [];
    private long _bytes;
    private long _nextPurge;

    /// <summary>Any thread.</summary>
    /// <param name="key">The key that was read.</param>
    /// <param name="version">Its version.</param>
    /// <param name="now">In monotonic ticks.</param>
    /// <param name="sliding">How long the key lives after each use, in ticks.</param>
    public void RecordAccess(ReadOnlySpan<byte> key, long version, long now, long sliding)
    {
        var quietUntil = now + Math.Min(sliding / 4, LongestQuiet);
        lock (_gate)
        {
            var quiet = _quietUntil.GetAlternateLookup<ReadOnlySpan<byte>>();
            if (quiet.TryGetValue(key, out var until) && now < until)
                return;
            if (_noted.Count >= MaxKeys)
                return;
            if ((_quietUntil.Count >= MaxKeys || _bytes + key.Length > MaxBytes) && !TryPurge(now))
                return;
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(quiet, key, out var exists);
            entry = quietUntil;
            if (!exists)
                _bytes += key.Length;
            _noted.Add((version, key.ToArray()));
        }
    }

    /// <summary>The keys recorded since the last call; <c>null</c> if there are none.</summary>
    public List<(long Version, byte[] Key)>? Take()
    {
        lock (_gate)
        {
            if (_noted.Count == 0)
                return null;
            var noted = _noted;
            _noted = [];
            return noted;
        }
    }

    private bool TryPurge(long now)
    {
        if (now < _nextPurge)
            return false;
        _nextPurge = now + TimeSpan.TicksPerSecond;
        foreach (var (key, until) in _quietUntil)
        {
            if (until <= now && _quietUntil.Remove(key))
                _bytes -= key.Length;
        }
        return _quietUntil.Count < MaxKeys && _bytes < MaxBytes;
    }
}
