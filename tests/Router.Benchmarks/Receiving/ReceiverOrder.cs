using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Receiving;

/// <summary>What the receiver is asked, a line of JSON; it always answers with what it has.</summary>
/// <param name="Run">The run that is asked about.</param>
/// <param name="WithLatencies">Whether the histograms are wanted too.</param>
/// <param name="Port">A port whose behaviour changes with this order.</param>
/// <param name="Hangs">Takes requests and answers none from now on.</param>
/// <param name="DelayMilliseconds">Answers so much later from now on.</param>
internal sealed record ReceiverOrder(int Run, bool WithLatencies = false, int? Port = null, bool Hangs = false, int DelayMilliseconds = 0);

/// <summary>What has arrived of a run, by port.</summary>
internal sealed record Arrivals(long Now, IReadOnlyList<PortArrivals> Ports);

/// <summary>What has arrived of a run at one port.</summary>
/// <param name="Port">Of 127.0.0.1.</param>
/// <param name="Distinct">Different leads.</param>
/// <param name="Duplicates">Those that came again.</param>
/// <param name="Last">When the last of the distinct ones came (<see cref="Clock"/>).</param>
/// <param name="Latency">From when a lead was due to its first arrival; null unless asked for.</param>
internal sealed record PortArrivals(int Port, long Distinct, long Duplicates, long Last, Histogram? Latency);
