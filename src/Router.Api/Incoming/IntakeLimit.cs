using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Router.Hosting.ApiSettings;

namespace Router.Api.Incoming;

/// <summary>
/// How many events are stored at the same time. Where more come than the machine and the servers can take, each of them would take longer
/// than its sender waits, and all would be refused: so some are refused at once, and the others are accepted in time.
/// </summary>
internal sealed class IntakeLimit(IOptions<IncomingOptions> options) : IAsyncDisposable
{
    // A request waits here only while all that may be under way are: that many take a second or so at the slowest.
    private const int WaitingToEach = 4;

    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = options.Value.Concurrency,
        QueueLimit = options.Value.Concurrency * WaitingToEach,
        // The oldest would be answered when its sender has long given up, and then the next one, and all after it.
        QueueProcessingOrder = QueueProcessingOrder.NewestFirst,
    });

    /// <summary>Returns when it is the request's turn; without a permit when it won't be.</summary>
    /// <remarks>Not tied to the request: a sender that hangs up early has still sent a lead.</remarks>
    public ValueTask<RateLimitLease> Enter() => _limiter.AcquireAsync(1, CancellationToken.None);

    public ValueTask DisposeAsync() => _limiter.DisposeAsync();
}
