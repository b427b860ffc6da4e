using System.Diagnostics;
using System.Runtime.CompilerServices;
using FASTER.core;
using Session = FASTER.core.ClientSession<FASTER.core.SpanByte, FASTER.core.SpanByte, FASTER.core.Empty, RaftKv.Embedded.Storage.FasterRead,
    FASTER.core.Empty, RaftKv.Embedded.Storage.FasterFunctions>;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// FASTER's sessions for readers. A session serves one operation at a time. Most threads have a session of their own, which needs no
/// synchronization with other threads. The other threads share a few sessions; a thread that finds none free spins, because reads are
/// short. There are no more sessions because FASTER has 128 epoch slots for all threads of the process.
/// </summary>
internal sealed class FasterReadSessions
{
    /// <summary>
    /// The number of slots that belong to one thread each, by its managed thread id. These ids are small and reused, and no two live
    /// threads have the same.
    /// </summary>
    private const int OwnSlots = 64;

    private const int SharedSlots = 32;

    /// <summary>Whether this thread is inside a read with one of the shared sessions.</summary>
    [ThreadStatic]
    private static bool t_holdsShared;

    private readonly FasterKV<SpanByte, SpanByte> _kv;
    private readonly Slot[] _own = NewSlots(OwnSlots, isShared: false);
    private readonly Slot[] _shared = NewSlots(SharedSlots, isShared: true);
    private volatile bool _closed;

    /// <summary>The number of slots that <see cref="TryClose"/> has taken for good.</summary>
    private int _closedSlots;

    public FasterReadSessions(FasterKV<SpanByte, SpanByte> kv) => _kv = kv;

    /// <summary>A slot is as large as two cache lines, so that threads in neighbouring slots do not slow each other down.</summary>
    internal sealed class Slot(bool isShared)
    {
#pragma warning disable CS0169 // It is there for its size.
        private readonly Distance _distance;
#pragma warning restore CS0169
        private int _taken;

        /// <summary>Created by the first reader that takes the slot.</summary>
        public Session? Session { get; set; }

        /// <summary>
        /// Called only by the thread of the slot. False when the thread is inside a read already, or the store is disposed.
        /// </summary>
        public bool TryEnter()
        {
            if (_taken != 0)
                return false;
            Volatile.Write(ref _taken, 1);
            return true;
        }

        public bool TryTake() => Volatile.Read(ref _taken) == 0 && Interlocked.CompareExchange(ref _taken, 1, 0) == 0;

        public void Return()
        {
            if (isShared)
                t_holdsShared = false;
            Volatile.Write(ref _taken, 0);
        }
    }

    [InlineArray(12)]
    private struct Distance
    {
        private long _first;
    }

    /// <exception cref="ObjectDisposedException">The store was disposed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The thread is inside a read already. A second read would end the epoch protection of the first, whose callback could then read freed
    /// memory.
    /// </exception>
    public Slot Take()
    {
        var thread = Environment.CurrentManagedThreadId;
        if ((uint)thread < OwnSlots)
        {
            var own = _own[thread];
            if (!own.TryEnter())
                throw _closed ? new ObjectDisposedException(nameof(FasterKvStore)) : Nested();
            // TryClose sets the flag, makes a memory barrier in all threads, and then checks the slots: either TryClose sees that this slot
            // is taken, or this thread sees the flag.
            if (!_closed)
                return Ready(own);
            own.Return();
        }
        return TakeShared(thread);
    }

    /// <summary>
    /// Refuses new readers, and waits for the end of current reads; <c>false</c> when a read has not ended in time. Can be repeated.
    /// </summary>
    public bool TryClose(TimeSpan timeout)
    {
        _closed = true;
        Interlocked.MemoryBarrierProcessWide();
        var waited = Stopwatch.StartNew();
        Slot[] all = [.. _own, .. _shared];
        for (; _closedSlots < all.Length; _closedSlots++)
        {
            var slot = all[_closedSlots];
            var spin = new SpinWait();
            while (!slot.TryTake())
            {
                if (waited.Elapsed >= timeout)
                    return false;
                spin.SpinOnce();
            }
            slot.Session?.Dispose();
        }
        return true;
    }

    private static Slot[] NewSlots(int count, bool isShared) => [.. Enumerable.Range(0, count).Select(_ => new Slot(isShared))];

    private static InvalidOperationException Nested() =>
        new("A read was made inside the callback of another read on the same thread. Nothing was read. Return what the callback "
            + "needs, and read after it.");

    private Slot TakeShared(int start)
    {
        if (t_holdsShared)
            throw Nested();
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
                {
                    t_holdsShared = true;
                    return Ready(slot);
                }
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
