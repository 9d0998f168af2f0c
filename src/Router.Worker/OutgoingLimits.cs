using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Hosting;

namespace Router.Worker;

/// <summary>
/// Each request to a receiver takes a file descriptor, and a worker that runs out of them dies. Where it may have few, it sends to
/// fewer at a time.
/// </summary>
internal sealed partial class OutgoingLimits(IConfiguration configuration, ILogger<OutgoingLimits> logger)
    : IPostConfigureOptions<LaneOptions>, IPostConfigureOptions<IsolationOptions>
{
    public void PostConfigure(string? name, LaneOptions options)
    {
        if (Fewer() is not { } fewer)
            return;
        (options.Concurrency, options.RetryConcurrency) = (fewer.Leads, fewer.Retries);
        LogNarrowed(logger, Descriptors.Room, fewer.Leads, fewer.Retries, fewer.Slow);
    }

    public void PostConfigure(string? name, IsolationOptions options)
    {
        if (Fewer() is { } fewer)
            options.MaxSlow = fewer.Slow;
    }

    /// <summary>
    /// Null where there is room for all that is configured. Read from there, for both classes count and each is narrowed by itself: one
    /// that asked the other would ask itself.
    /// </summary>
    private (int Leads, int Retries, int Slow)? Fewer()
    {
        var section = configuration.GetSection("Delivery");
        var (lanes, isolation) = (section.Get<LaneOptions>() ?? new(), section.Get<IsolationOptions>() ?? new());
        var room = Descriptors.Room;
        return lanes.Concurrency + lanes.RetryConcurrency + isolation.MaxSlow <= room ? null
            : (Least(lanes.Concurrency, room / 4), Least(lanes.RetryConcurrency, room / 8), Least(isolation.MaxSlow, room / 2));
    }

    private static int Least(int wanted, int most) => Math.Min(wanted, Math.Max(4, most));

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "There are file descriptors for {Room} connections to receivers (ulimit -n): this worker has only {Concurrency} leads, "
        + "{Retries} retries and {Slow} slow requests in hand at a time")]
    private static partial void LogNarrowed(ILogger logger, int room, int concurrency, int retries, int slow);
}
