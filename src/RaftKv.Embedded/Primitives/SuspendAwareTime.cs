using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RaftKv.Embedded.Primitives;

/// <summary>
/// The system's time, with a monotonic clock that counts the time in which the machine was suspended: <c>CLOCK_BOOTTIME</c> on Linux, the
/// biased interrupt time on Windows. So a lease or a promise that was valid when the machine was suspended has expired when the machine
/// resumes. Where there is no such clock, that of <see cref="Stopwatch"/> is used.
/// </summary>
/// <remarks>
/// A hypervisor that stops a virtual machine without notice stops this clock too. Only <see cref="RaftKvOptions.MaxClockDrift"/> covers
/// that case.
/// </remarks>
internal sealed partial class SuspendAwareTime : TimeProvider
{
    private const int BootTime = 7;
    private const long NanosecondsPerTick = 100;

    private static readonly Source Clock = Choose();

    private SuspendAwareTime()
    {
    }

    public static SuspendAwareTime Instance { get; } = new();

    /// <summary>Whether the machine has a clock that counts suspension.</summary>
    public static bool CountsSuspension => Clock != Source.Stopwatch;

    public override long TimestampFrequency => CountsSuspension ? TimeSpan.TicksPerSecond : Stopwatch.Frequency;

    public override long GetTimestamp() => Clock switch
    {
        Source.BootTime => ReadBootTime(),
        Source.InterruptTime => ReadInterruptTime(),
        _ => Stopwatch.GetTimestamp(),
    };

    private static Source Choose()
    {
        try
        {
            // Where a long has 32 bits, the structure has another layout.
            if (OperatingSystem.IsLinux() && Environment.Is64BitProcess && ClockGetTime(BootTime, out _) == 0)
                return Source.BootTime;
            if (OperatingSystem.IsWindowsVersionAtLeast(10) && ReadInterruptTime() > 0)
                return Source.InterruptTime;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // An older system, or another C library.
        }
        return Source.Stopwatch;
    }

    private static long ReadBootTime()
    {
        _ = ClockGetTime(BootTime, out var time);
        return (time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / NanosecondsPerTick);
    }

    private static long ReadInterruptTime()
    {
        QueryInterruptTimePrecise(out var time);
        return (long)time;
    }

    // Both calls read memory that the kernel shares and return at once, so no transition for the garbage collector is needed.
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [LibraryImport("api-ms-win-core-realtime-l1-1-1.dll")]
    [SuppressGCTransition]
    private static partial void QueryInterruptTimePrecise(out ulong time);

    private enum Source
    {
        Stopwatch,
        BootTime,
        InterruptTime,
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
