using System.Numerics;
using FASTER.core;

namespace RaftKv.Benchmarks;

/// <summary>FASTER alone: the lower bound of the cost of a read in place.</summary>
internal sealed unsafe class RawStore : IDisposable
{
    private readonly NullDevice _device = new();
    private readonly FasterKV<SpanByte, SpanByte> _store;

    /// <param name="keys">The keys, in ASCII.</param>
    /// <param name="valueBytes">How long each value is.</param>
    /// <param name="memoryBits">Room for the records, as a power of two; they must all fit.</param>
    public RawStore(byte[][] keys, int valueBytes, int memoryBits)
    {
        _store = new FasterKV<SpanByte, SpanByte>(Math.Max(1 << 14, BitOperations.RoundUpToPowerOf2((uint)keys.Length / 8)), new LogSettings { LogDevice = _device, MemorySizeBits = memoryBits, PageSizeBits = 20 },
            concurrencyControlMode: ConcurrencyControlMode.RecordIsolation);
        using var session = _store.NewSession(new SpanByteFunctions<Empty>());
        var value = new byte[valueBytes];
        foreach (var key in keys)
        {
            fixed (byte* keyBytes = key, bytes = value)
            {
                var spanKey = SpanByte.FromPointer(keyBytes, key.Length);
                var spanValue = SpanByte.FromPointer(bytes, value.Length);
                session.Upsert(ref spanKey, ref spanValue);
            }
        }
    }

    public Reader NewReader() => new(_store);

    public void Dispose()
    {
        _store.Dispose();
        _device.Dispose();
    }

    /// <summary>One thread's session.</summary>
    public sealed class Reader(FasterKV<SpanByte, SpanByte> store) : IDisposable
    {
        private readonly ClientSession<SpanByte, SpanByte, SpanByte, int, Empty, LengthFunctions> _session = store.For(new LengthFunctions()).NewSession<LengthFunctions>();

        /// <summary>The length of a value, read in place without a copy.</summary>
        public int Read(byte[] key)
        {
            fixed (byte* bytes = key)
            {
                var spanKey = SpanByte.FromPointer(bytes, key.Length);
                var input = default(SpanByte);
                var length = 0;
                _session.Read(ref spanKey, ref input, ref length);
                return length;
            }
        }

        public void Dispose() => _session.Dispose();
    }

    public sealed class LengthFunctions : FunctionsBase<SpanByte, SpanByte, SpanByte, int, Empty>
    {
        public override bool SingleReader(ref SpanByte key, ref SpanByte input, ref SpanByte value, ref int dst, ref ReadInfo readInfo)
        {
            dst = value.Length;
            return true;
        }

        public override bool ConcurrentReader(ref SpanByte key, ref SpanByte input, ref SpanByte value, ref int dst, ref ReadInfo readInfo)
        {
            dst = value.Length;
            return true;
        }
    }
}
