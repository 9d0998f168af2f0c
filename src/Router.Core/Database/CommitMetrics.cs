using System.Diagnostics;
using System.Diagnostics.Metrics;
using Router.Core.Telemetry;

namespace Router.Core.Database;

/// <summary>How many rows commits carry, and how long they take. Those that fail don't count.</summary>
public sealed class CommitMetrics
{
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    };

    private static readonly InstrumentAdvice<int> Rows = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500] };

    private readonly Histogram<int> _rows;
    private readonly Histogram<double> _duration;

    /// <summary>Makes the instruments.</summary>
    public CommitMetrics(IMeterFactory meters)
    {
        var meter = meters.OfRouter();
        _rows = meter.CreateHistogram("lead_router.commit.rows", "{row}", "Rows that were committed together", tags: null, Rows);
        _duration = meter.CreateHistogram("lead_router.commit.duration", "s", "Time that a commit took", tags: null, Seconds);
    }

    /// <summary>Those of one writer.</summary>
    /// <param name="writer">What it writes, in a word.</param>
    public CommitSeries Of(string writer) => new(this, new KeyValuePair<string, object?>("writer", writer));

    internal void Add(int rows, TimeSpan took, KeyValuePair<string, object?> writer)
    {
        _rows.Record(rows, writer);
        _duration.Record(took.TotalSeconds, writer);
    }
}

/// <summary>The commits of one writer.</summary>
public sealed class CommitSeries
{
    private readonly CommitMetrics _metrics;
    private readonly KeyValuePair<string, object?> _writer;

    internal CommitSeries(CommitMetrics metrics, KeyValuePair<string, object?> writer) => (_metrics, _writer) = (metrics, writer);

    /// <summary>One more.</summary>
    /// <param name="rows">How many rows it carried.</param>
    /// <param name="since">When it began, of <see cref="Stopwatch"/>.</param>
    internal void Add(int rows, long since) => _metrics.Add(rows, Stopwatch.GetElapsedTime(since), _writer);
}
