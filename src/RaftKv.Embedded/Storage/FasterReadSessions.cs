using System.Runtime.CompilerServices;
using FASTER.core;
using Session = FASTER.core.ClientSession<FASTER.core.SpanByte, FASTER.core.SpanByte, FASTER.core.Empty, RaftKv.Embedded.Storage.FasterRead, FASTER.core.Empty, RaftKv.Embedded.Storage.FasterFunctions>;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// FASTER's sessions for readers. A session serves one operation at a time. Most threads have one of their own, which needs no agreement with others; the rest share a few, and one that finds
/// none free spins, for reads are short. There are not more because FASTER has 128 epoch slots for all threads of the process.
/// </summary>
internal sealed class FasterReadSessions : IDisposable
{
    /// <summary>Managed thread ids are small and used again: no two live threads have the same.</summary>
    private const int OwnSlots = 64;

    private const int SharedSlots = 32;

    private readonly FasterKV<SpanByte, SpanByte> _kv;
    private readonly Slot[] _own = NewSlots(OwnSlots);
    private readonly Slot[] _shared = NewSlots(SharedSlots);
    private volatile bool _closed;

    public FasterReadSessions(FasterKV<SpanByte, SpanByte> kv) => _kv = kv;

    /// <summary>As large as two cache lines: threads that take neighbours do not slow each other down.</summary>
    internal sealed class Slot
    {
#pragma warning disable CS0169 // It is there for its size.
        private readonly Distance _distance;
#pragma warning restore CS0169
        private int _taken;

        /// <summary>Created by the first reader that takes the slot.</summary>
        public Session? Session { get; set; }

        /// <summary>The slot's only thread; false if it is inside already, in a read that its own read made.</summary>
        public bool TryEnter()
        {
            if (_taken != 0)
                return false;
            Volatile.Write(ref _taken, 1);
            return true;
        }

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
        var thread = Environment.CurrentManagedThreadId;
        if ((uint)thread < OwnSlots && _own[thread] is var own && own.TryEnter())
        {
            // Whoever closes has made all threads agree before it looks at the slots: it sees that this one is taken, or this thread sees that it is closed.
            if (!_closed)
                return Ready(own);
            own.Return();
        }
        return TakeShared(thread);
    }

    /// <summary>Lets no new reader in and waits for those inside.</summary>
    public void Dispose()
    {
        _closed = true;
        Interlocked.MemoryBarrierProcessWide();
        foreach (var slot in (Slot[])[.. _own, .. _shared])
        {
            var spin = new SpinWait();
            while (!slot.TryTake())
                spin.SpinOnce();
            slot.Session?.Dispose();
        }
    }

    private static Slot[] NewSlots(int count) => [.. Enumerable.Range(0, count).Select(_ => new Slot())];

    private Slot TakeShared(int start)
    {
        var spin = new SpinWait();
        while (true)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(FasterKvStore));
            for (var i = 0; i < SharedSlots; i++)
            {
                var slot = _shared[(start + i) & (SharedSlots - 1)];
                if (!slot.TryTake())
                    continue;
                if (!_closed)
                    return Ready(slot);
                slot.Return();
                break;
            }
            spin.SpinOnce();
        }
    }

    private Slot Ready(Slot slot)
    {
        slot.Session ??= _kv.For(new FasterFunctions()).NewSession<FasterFunctions>();
        return slot;
    }
}
