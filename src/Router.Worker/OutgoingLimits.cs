using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Hosting;

namespace Router.Worker;

/// <summary>
/// Each request to a receiver takes a file descriptor, and a worker that runs out of them dies. Where it may have few, it sends to
/// fewer at a time.
/// </summary>
internal sealed partial class OutgoingLimits(ILogger<OutgoingLimits> logger) : IPostConfigureOptions<DeliveryOptions>
{
    public void PostConfigure(string? name, DeliveryOptions options)
    {
        var room = Descriptors.Room;
        if (options.Concurrency + options.RetryConcurrency + options.MaxSlow <= room)
            return;

        options.Concurrency = Least(options.Concurrency, room / 4);
        options.RetryConcurrency = Least(options.RetryConcurrency, room / 8);
        options.MaxSlow = Least(options.MaxSlow, room / 2);
        LogNarrowed(logger, room, options.Concurrency, options.RetryConcurrency, options.MaxSlow);
    }

    private static int Least(int wanted, int most) => Math.Min(wanted, Math.Max(4, most));

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "There are file descriptors for {Room} connections to receivers (ulimit -n): this worker has only {Concurrency} leads, "
        + "{Retries} retries and {Slow} slow requests in hand at a time")]
    private static partial void LogNarrowed(ILogger logger, int room, int concurrency, int retries, int slow);
}
