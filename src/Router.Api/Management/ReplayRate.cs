using System.Threading.RateLimiting;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Management;

/// <summary>
/// How often deliveries are sent again, or tried at once, by hand: a button must not become a weapon. From each API, and not for operators.
/// Replays of many have limits of their own.
/// </summary>
internal sealed class ReplayRate(IHttpContextAccessor http) : IDisposable
{
    private const int SingleInAMinute = 60;
    private const int AllInAMinute = 6;

    private readonly PartitionedRateLimiter<Guid> _single = InAMinute(SingleInAMinute);
    private readonly PartitionedRateLimiter<Guid> _all = InAMinute(AllInAMinute);

    /// <summary>One delivery of a site.</summary>
    public Refusal? OfOne(Guid site) => Ask(
        _single, site, $"{SingleInAMinute} deliveries of this site were sent again within a minute, one by one. Wait a moment; "
        + "to send many again, use a replay.");

    /// <summary>All that wait for a destination.</summary>
    public Refusal? OfAll(Guid destination) => Ask(
        _all, destination, $"All that waits here was tried {AllInAMinute} times within a minute. Wait a moment, then try again.");

    public void Dispose()
    {
        _single.Dispose();
        _all.Dispose();
    }

    private Refusal? Ask(PartitionedRateLimiter<Guid> limiter, Guid of, string sentence)
    {
        if (http.HttpContext!.Account().IsOperator)
            return null;
        using var lease = limiter.AttemptAcquire(of);
        return lease.IsAcquired ? null : new Refusal(StatusCodes.Status429TooManyRequests, sentence);
    }

    private static PartitionedRateLimiter<Guid> InAMinute(int count) => PartitionedRateLimiter.Create<Guid, Guid>(
        of => RateLimitPartition.GetSlidingWindowLimiter(of, _ => new SlidingWindowRateLimiterOptions
        {
            PermitLimit = count, Window = TimeSpan.FromMinutes(1), SegmentsPerWindow = 6, QueueLimit = 0,
        }));
}
