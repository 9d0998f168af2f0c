using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Router.Benchmarks.Measuring;

/// <summary>CLOCK_MONOTONIC in nanoseconds: the same in every process of the machine, so a time may travel inside a lead.</summary>
internal static partial class Clock
{
    private const int Monotonic = 1;
    private const int Absolute = 1;

    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>
    /// Sleeps until that time, to within some 50 µs; the timers of .NET are a millisecond late, which would count as the router's.
    /// </summary>
    public static void SleepUntil(long time)
    {
        var until = new Timespec(time / 1_000_000_000, time % 1_000_000_000);
        while (Now < time && Sleep(Monotonic, Absolute, in until, 0) != 0)
        {
            // A signal came in between.
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int Sleep(int clock, int flags, in Timespec request, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Timespec(long Seconds, long Nanoseconds);
}
