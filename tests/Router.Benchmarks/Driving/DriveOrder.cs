using System.Text.Json.Serialization;
using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Driving;

/// <summary>A site that leads are sent for.</summary>
internal sealed record Sender(string Path, string Authorization);

/// <summary>What the driver is asked to do, a line of JSON.</summary>
/// <param name="Port">Of the API, on 127.0.0.1.</param>
/// <param name="Senders">In turn.</param>
/// <param name="Run">Travels in each lead, so that the receiver can tell what is counted together.</param>
/// <param name="Connections">Kept alive; in a closed loop each sends its next lead when the one before is answered.</param>
/// <param name="Rate">Leads a second, each due at its time whatever became of those before; 0 for a closed loop.</param>
/// <param name="Seconds">How long.</param>
/// <param name="Most">Ends after so many leads, if that is earlier; 0 for no limit.</param>
/// <param name="First">The number of the first lead, where an earlier order of the same run has sent some already.</param>
internal sealed record DriveOrder(
    int Port, IReadOnlyList<Sender> Senders, int Run, int Connections, double Rate, double Seconds, long Most = 0, long First = 0);

/// <summary>What came of it.</summary>
/// <param name="Started">When the first was sent (<see cref="Clock"/>).</param>
/// <param name="Ended">When the last was answered.</param>
/// <param name="Sent">How many were due.</param>
/// <param name="Accepted">How many were answered with 201.</param>
/// <param name="Latency">From when a lead was due to its 201.</param>
/// <param name="Lateness">
/// From when a lead was due to when it was sent: where this is long, no connection was free or the machine was busy.
/// </param>
internal sealed record DriveResult(long Started, long Ended, long Sent, long Accepted, Histogram Latency, Histogram Lateness)
{
    [JsonIgnore]
    public double Seconds => (Ended - Started) / 1e9;

    public DriveResult And(DriveResult next) => new(
        Started, next.Ended, Sent + next.Sent, Accepted + next.Accepted, Histogram.Sum([Latency, next.Latency]),
        Histogram.Sum([Lateness, next.Lateness]));
}
