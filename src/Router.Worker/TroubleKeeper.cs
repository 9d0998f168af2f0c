using Microsoft.Extensions.Options;
using Router.Core.Alerts;
using Router.Core.Duties;

namespace Router.Worker;

/// <summary>Looks for what needs a person, and plans who is told. Each worker tries; one at a time does it.</summary>
internal sealed partial class TroubleKeeper(
    Troubles troubles, IOptions<AlertOptions> options, HostDuties duties, TimeProvider time, ILogger<TroubleKeeper> logger)
    : PeriodicWork("Looking for trouble", options.Value.Interval, duties, time)
{
    private readonly TimeSpan _slowInterval = options.Value.SlowInterval;
    private readonly TimeProvider _time = time;
    private readonly long _startedAt = time.GetTimestamp();
    private readonly ILogger _log = logger;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        // After an outage of ours, what was sent meanwhile is still on its way into the ledger: nobody is silent yet.
        var hasCaughtUp = _time.GetElapsedTime(_startedAt) >= _slowInterval;
        if (await troubles.Look(hasCaughtUp, cancellationToken) is { Any: true } news)
            LogNews(_log, news.Opened, news.Worse, news.Ended);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Needs attention: {Opened} new, {Worse} got worse, {Ended} over. The operator's first page lists what is open")]
    private static partial void LogNews(ILogger logger, int opened, int worse, int ended);
}
