namespace Router.Api.Authentication;

/// <summary>
/// Says that requests came with missing or wrong credentials: one line a minute, however many there were. Never what they tried.
/// </summary>
internal sealed partial class RefusedCredentials(TimeProvider time, ILogger<RefusedCredentials> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _count;
    private DateTimeOffset _silentUntil = DateTimeOffset.MinValue;

    public void Note(HttpContext context)
    {
        long count;
        lock (_lock)
        {
            _count++;
            var now = time.GetUtcNow();
            if (now < _silentUntil)
                return;
            _silentUntil = now + Pause;
            (count, _count) = (_count, 0);
        }

        LogRefused(logger, count, context.Connection.RemoteIpAddress?.ToString() ?? "nowhere");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "{Count} requests had missing or wrong credentials (401), the last one from {Address}; "
        + "the next ones are counted for a minute")]
    private static partial void LogRefused(ILogger logger, long count, string address);
}
