using System.Runtime.InteropServices;

namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Puts one thread to sleep until another wakes it. A wake-up before the sleep is kept, so none is lost; several count as one. On Linux it
/// is a futex: the pulse of a monitor wakes the sleeper into a lock that is still held, and costs both threads several times as much.
/// </summary>
internal sealed unsafe partial class FutexEvent
{
    private const int WaitPrivate = 128;
    private const int WakePrivate = 129;

    // Pinned, so that the address stays valid while a thread sleeps in the kernel; the word has a cache line of its own.
    private readonly int[] _memory = GC.AllocateArray<int>(32, pinned: true);
    private readonly int* _permit;
    private readonly nint _futexCall = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 when OperatingSystem.IsLinux() => 202,
        Architecture.Arm64 when OperatingSystem.IsLinux() => 98,
        _ => 0,
    };

    private readonly AutoResetEvent? _elsewhere;

    public FutexEvent()
    {
        _permit = (int*)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 16);
        if (_futexCall == 0)
            _elsewhere = new AutoResetEvent(false);
    }

    /// <summary>One thread at a time. Returns when woken, when the time is over (negative: never), or spuriously.</summary>
    public void Wait(int milliseconds)
    {
        if (_elsewhere is not null)
        {
            _elsewhere.WaitOne(milliseconds);
            return;
        }
        if (Interlocked.Exchange(ref *_permit, 0) == 0 && milliseconds != 0)
        {
            var (seconds, rest) = Math.DivRem(milliseconds, 1000);
            var timeout = new TimeSpec { Seconds = seconds, Nanoseconds = rest * 1_000_000 };
            Futex(_futexCall, _permit, WaitPrivate, 0, milliseconds < 0 ? null : &timeout, null, 0);
            Volatile.Write(ref *_permit, 0);
        }
        GC.KeepAlive(this);
    }

    /// <summary>Any thread. Wakes the thread that sleeps, or the next one that would.</summary>
    public void Unpark()
    {
        if (_elsewhere is not null)
            _elsewhere.Set();
        else if (Interlocked.Exchange(ref *_permit, 1) == 0)
            Futex(_futexCall, _permit, WakePrivate, 1, null, null, 0);
        GC.KeepAlive(this);
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Futex(nint number, int* word, int operation, int value, TimeSpec* timeout, int* second, int third);

    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
