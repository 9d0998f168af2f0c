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
    private readonly ILogger _log = logger;
    private long? _lookedEverywhere;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        Tell(await troubles.LookAround(cancellationToken));
        if (_lookedEverywhere is { } at && _time.GetElapsedTime(at) < _slowInterval)
            return;

        Tell(await troubles.LookEverywhere(cancellationToken));
        _lookedEverywhere = _time.GetTimestamp();
    }

    private void Tell(TroubleNews? news)
    {
        if (news is { Any: true })
            LogNews(_log, news.Opened, news.Worse, news.Ended);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Needs attention: {Opened} new, {Worse} got worse, {Ended} over. The operator's first page lists what is open")]
    private static partial void LogNews(ILogger logger, int opened, int worse, int ended);
}
