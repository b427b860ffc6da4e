using System.Buffers.Binary;
using System.Numerics;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// Computes a number to compare whole states. The numbers of records are summed, so their order in the store does not matter. Not
/// cryptographic.
/// </summary>
internal static class StateDigest
{
    private const int KeysPerStep = 1024;

    public static ulong Compute(IKvStore store, KvState state)
    {
        var sum = Prng.Mix(Hash(state.Configuration.Encode(), 1) ^ Hash(state.Sessions.Span, 2) ^ Hash(state.Leases.Span, 5));
        foreach (var number in (ReadOnlySpan<long>)[state.Last.Term, state.Last.Index, state.LogTimeMs, state.ConfigurationIndex,
            store.Count])
            sum = Prng.Mix(sum ^ (ulong)number);
        var keys = new List<byte[]>(KeysPerStep);
        ReadOnlySpan<byte> after = default;
        while (store.CopyKeys(after, after: !after.IsEmpty, to: default, KeysPerStep, keys) > 0)
        {
            foreach (var key in keys)
            {
                if (store.TryRead(key, key, HashRecord, out var hash))
                    sum += hash;
            }
            after = keys[^1];
            keys.Clear();
        }
        return sum;
    }

    private static ulong HashRecord(in RecordHeader header, ReadOnlySpan<byte> value, byte[] key)
    {
        var hash = Prng.Mix(Hash(key, 3)) ^ Hash(value, 4);
        foreach (var number in (ReadOnlySpan<long>)[header.Version, header.CreateVersion, header.WriteCount, header.ExpiresAtMs,
            header.LeaseId, header.SlidingMs, header.ExpiresByMs, value.Length])
            hash = Prng.Mix(hash ^ (ulong)number);
        return hash;
    }

    private static ulong Hash(ReadOnlySpan<byte> bytes, uint seed)
    {
        var (low, high) = (seed, ~seed);
        while (bytes.Length >= sizeof(ulong))
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            low = BitOperations.Crc32C(low, word);
            high = BitOperations.Crc32C(high, Prng.Mix(word));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (var b in bytes)
        {
            low = BitOperations.Crc32C(low, b);
            high = BitOperations.Crc32C(high, (ushort)(b * 257));
        }
        return ((ulong)high << 32) | low;
    }
}
