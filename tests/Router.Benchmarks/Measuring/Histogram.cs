using System.Numerics;
using System.Text.Json.Serialization;

namespace Router.Benchmarks.Measuring;

/// <summary>Latencies in buckets that are never wider than 1/64 of their value. Recording allocates nothing and takes no lock.</summary>
internal sealed class Histogram
{
    private const int PerDoubling = 64;
    private const int Buckets = 40 * PerDoubling;

    public Histogram() => Counts = new long[Buckets];

    [JsonConstructor]
    public Histogram(long[] counts) => Counts = counts;

    public long[] Counts { get; }

    [JsonIgnore]
    public long Count => Counts.Sum();

    public void Record(long nanoseconds) => Interlocked.Increment(ref Counts[Bucket(Math.Max(0, nanoseconds / 1000))]);

    public static Histogram Sum(IEnumerable<Histogram> parts)
    {
        var sum = new Histogram();
        foreach (var part in parts)
        {
            for (var i = 0; i < part.Counts.Length; i++)
                sum.Counts[i] += part.Counts[i];
        }

        return sum;
    }

    /// <summary>In milliseconds, of so many that should have come: what never came is infinitely late.</summary>
    public double Percentile(double share, long expected)
    {
        var rank = (long)Math.Ceiling(share * expected);
        for (var i = 0; i < Counts.Length; i++)
        {
            rank -= Counts[i];
            if (rank <= 0)
                return Microseconds(i) / 1000.0;
        }

        return double.PositiveInfinity;
    }

    // Up to 128 µs a bucket for each; from there 64 for each doubling.
    private static int Bucket(long microseconds)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)microseconds | 1) - 6);
        return Math.Min(Buckets - 1, (shift * PerDoubling) + (int)(microseconds >> shift));
    }

    private static long Microseconds(int bucket)
    {
        var shift = Math.Max(0, (bucket / PerDoubling) - 1);
        return (long)(bucket - (shift * PerDoubling)) << shift;
    }
}
