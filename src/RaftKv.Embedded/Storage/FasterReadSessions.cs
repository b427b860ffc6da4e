using System.Runtime.CompilerServices;
using FASTER.core;
using Session = FASTER.core.ClientSession<FASTER.core.SpanByte, FASTER.core.SpanByte, FASTER.core.Empty, RaftKv.Embedded.Storage.FasterRead, FASTER.core.Empty, RaftKv.Embedded.Storage.FasterFunctions>;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// FASTER's sessions for readers. A session serves one operation at a time; the pool is small because FASTER has 128 epoch slots for all threads of the
/// process, and a reader that finds none free spins, for reads are short.
/// </summary>
internal sealed class FasterReadSessions : IDisposable
{
    private const int Size = 32;

    private readonly FasterKV<SpanByte, SpanByte> _kv;
    private readonly Slot[] _slots = new Slot[Size];
    private volatile bool _closed;

    public FasterReadSessions(FasterKV<SpanByte, SpanByte> kv)
    {
        _kv = kv;
        for (var i = 0; i < Size; i++)
            _slots[i] = new Slot();
    }

    /// <summary>As large as two cache lines: threads that take neighbours do not slow each other down.</summary>
    internal sealed class Slot
    {
#pragma warning disable CS0169 // It is there for its size.
        private readonly Distance _distance;
#pragma warning restore CS0169
        private int _taken;

        /// <summary>Created by the first reader that takes the slot.</summary>
        public Session? Session { get; set; }

        public bool TryTake() => Volatile.Read(ref _taken) == 0 && Interlocked.CompareExchange(ref _taken, 1, 0) == 0;

        public void Return() => Volatile.Write(ref _taken, 0);
    }

    [InlineArray(12)]
    private struct Distance
    {
        private long _first;
    }

    /// <exception cref="ObjectDisposedException">The store was disposed.</exception>
    public Slot Take()
    {
        var start = Environment.CurrentManagedThreadId;
        var spin = new SpinWait();
        while (true)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(FasterKvStore));
            for (var i = 0; i < Size; i++)
            {
                var slot = _slots[(start + i) & (Size - 1)];
                if (!slot.TryTake())
                    continue;
                if (_closed)
                {
                    slot.Return();
                    break;
                }
                slot.Session ??= _kv.For(new FasterFunctions()).NewSession<FasterFunctions>();
                return slot;
            }
            spin.SpinOnce();
        }
    }

    /// <summary>Lets no new reader in and waits for those inside.</summary>
    public void Dispose()
    {
        _closed = true;
        foreach (var slot in _slots)
        {
            var spin = new SpinWait();
            while (!slot.TryTake())
                spin.SpinOnce();
            slot.Session?.Dispose();
        }
    }
}
