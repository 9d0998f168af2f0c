using Microsoft.Extensions.Logging;

namespace Router.Core.Deliveries;

/// <summary>
/// Whether our proxy works. Once it doesn't, one request at a time tries it, with growing pauses; what else would go through it is deferred
/// meanwhile, which is no attempt: an outage of ours neither uses up the schedules of deliveries nor pauses destinations.
/// </summary>
internal sealed partial class ProxyBreaker(string proxy, IsolationOptions options, TimeProvider time, ILogger logger)
{
    // While anything waits for the proxy it is tried more often than that.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private TimeSpan _pause;
    private DateTimeOffset _since;
    private DateTimeOffset _failedAt;
    private ProxyException? _failure;

    // In ticks; 0 while it works, which is all that a request looks at then.
    private long _shutUntil;

    /// <summary>Since when it doesn't work and why, for people; null while it does.</summary>
    public string? Trouble
    {
        get
        {
            lock (_lock)
                return _failure is null ? null
                    : $"The proxy {proxy} {_failure.Reason}, since {_since:yyyy-MM-dd HH:mm:ss} UTC. Deliveries through it wait.";
        }
    }

    public bool IsShut => Volatile.Read(ref _shutUntil) != 0;

    /// <summary>Until a request may try it again; zero or less when one may now.</summary>
    public TimeSpan ShutFor => IsShut ? new DateTimeOffset(Volatile.Read(ref _shutUntil), TimeSpan.Zero) - time.GetUtcNow() : TimeSpan.Zero;

    /// <summary>Whether a request may be made: always while it works, otherwise one after each pause.</summary>
    public bool LetsThrough()
    {
        if (!IsShut)
            return true;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_shutUntil == 0)
                return true;
            if (now.Ticks < _shutUntil)
                return false;
            _pause = Shorter(_pause * 2, options.BreakerPause);
            _shutUntil = (now + _pause).Ticks;
            return true;
        }
    }

    /// <summary>It made a connection, or answered that it couldn't.</summary>
    public void Worked()
    {
        if (!IsShut)
            return;
        lock (_lock)
        {
            if (_shutUntil == 0)
                return;
            _shutUntil = 0;
            _failure = null;
            LogWorksAgain(logger, proxy, (time.GetUtcNow() - _since).TotalSeconds);
        }
    }

    /// <summary>
    /// It can be connected to, which is all that shows without a request. Ends a failure to connect, and one of another kind that no
    /// request has met for a minute: nothing waits, and so nothing else would end it.
    /// </summary>
    /// <exception cref="ProxyException">The failure that goes on.</exception>
    public void Connected()
    {
        lock (_lock)
        {
            if (_failure is { IsOfConnecting: false } && time.GetUtcNow() - _failedAt < Fresh)
                throw _failure;
        }

        Worked();
    }

    /// <summary>It can't be used at all.</summary>
    public void Failed(ProxyException failure)
    {
        lock (_lock)
        {
            if (_shutUntil == 0)
            {
                _since = time.GetUtcNow();
                _pause = Shorter(options.DeferDelay, options.BreakerPause);
                _shutUntil = (_since + _pause).Ticks;
            }

            if (_failure?.Reason != failure.Reason)
                LogFailed(logger, proxy, failure.Reason);
            (_failure, _failedAt) = (failure, time.GetUtcNow());
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(Level = LogLevel.Error, Message = "The proxy {Proxy} {Reason}; deliveries through it wait until it works")]
    private static partial void LogFailed(ILogger logger, string proxy, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The proxy {Proxy} works again, after {Seconds:0} s")]
    private static partial void LogWorksAgain(ILogger logger, string proxy, double seconds);
}
