using Microsoft.Extensions.Logging;
using Router.Core.Database;

namespace Router.Core.Duties;

/// <summary>
/// Something that a host has to do again and again, and when it last succeeded. Failures are logged once at first, then each half a minute,
/// and when they are over.
/// </summary>
public sealed partial class Duty
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private DateTimeOffset _toldAt = DateTimeOffset.MinValue;
    private DateTimeOffset? _failingSince;
    private int _failures;
    private bool _isTold;

    internal Duty(string name, TimeSpan interval, TimeProvider time, ILogger logger)
    {
        (Name, Interval, _time, _logger) = (name, interval, time, logger);
        BegunAt = time.GetUtcNow();
    }

    /// <summary>What it is, in a few words for people.</summary>
    public string Name { get; }

    /// <summary>How often it is done.</summary>
    public TimeSpan Interval { get; }

    /// <summary>When this host began with it.</summary>
    public DateTimeOffset BegunAt { get; private set; }

    /// <summary>When it last succeeded in this process; null if never.</summary>
    public DateTimeOffset? SucceededAt { get; private set; }

    /// <summary>What went wrong last: the class of the exception and the SQLSTATE; null while all is well.</summary>
    public string? LastError { get; private set; }

    /// <summary>
    /// Whether it hasn't succeeded for ten of its intervals, or for a minute where that is longer: it fails, or it hangs.
    /// </summary>
    public bool IsLate
    {
        get
        {
            var patience = Interval * 10;
            return _time.GetUtcNow() - (SucceededAt ?? BegunAt) > (patience > TimeSpan.FromMinutes(1) ? patience : TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>What a person should know of a late one.</summary>
    public string Sentence =>
        $"{Name}: has not succeeded since {(SucceededAt ?? BegunAt):yyyy-MM-dd HH:mm:ss} UTC ({LastError ?? "still at it"}).";

    /// <summary>The host has started: from here on it may be late.</summary>
    public void Begin() => BegunAt = _time.GetUtcNow();

    /// <summary>A round went well.</summary>
    public void Succeed()
    {
        lock (_lock)
        {
            SucceededAt = _time.GetUtcNow();
            if (_failingSince is { } since && _isTold)
                LogOver(_logger, Name, _failures, (SucceededAt.Value - since).TotalSeconds);
            (_failingSince, _failures, _isTold, LastError) = (null, 0, false, null);
        }
    }

    /// <summary>A round failed.</summary>
    public void Fail(Exception failed)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            _failures++;
            LastError = DatabaseAvailability.Name(failed);
            if (now - _toldAt >= BetweenLines)
            {
                _toldAt = now;
                _isTold = true;
                if (_failingSince is { } since)
                    LogFailingStill(_logger, Name, LastError, _failures, (now - since).TotalSeconds);
                else
                    LogFailed(_logger, failed, Name, LastError);
            }

            _failingSince ??= now;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Duty} failed ({Error}); trying again")]
    private static partial void LogFailed(ILogger logger, Exception exception, string duty, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Duty} still fails ({Error}): {Count} times in {Seconds:0} s; trying again")]
    private static partial void LogFailingStill(ILogger logger, string duty, string error, int count, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Duty} works again, after {Count} failures in {Seconds:0} s")]
    private static partial void LogOver(ILogger logger, string duty, int count, double seconds);
}
