using System.Threading.RateLimiting;
using Router.Api.Authentication;

namespace Router.Api.Changes;

/// <summary>
/// How often a site's people change something, all of them and their tokens together: each change stays in the audit log for good. What
/// belongs to no site counts for its account, on the pages apart from its tokens, so that a stolen token doesn't keep its owner out. From
/// each API, and not for operators.
/// </summary>
internal sealed class ChangeRate : IDisposable
{
    private const int InAMinute = 60;
    private const int InADay = 2_000;

    private readonly PartitionedRateLimiter<Counted> _minute = Within(TimeSpan.FromMinutes(1), InAMinute, segments: 6);
    private readonly PartitionedRateLimiter<Counted> _day = Within(TimeSpan.FromDays(1), InADay, segments: 24);

    /// <summary>Counts a request that asks for a change; why it is refused, or null.</summary>
    public Refusal? Count(HttpContext http)
    {
        if (http.SignedIn() is not { Role: not Roles.Operator } account || !http.IsChange())
            return null;

        var site = SiteAccess.SiteOf(http);
        var counted = new Counted(site ?? account.Id, IsByToken: site is null && account.Token is not null);
        var what = site is null ? "This account has made" : "The people of this site have made";
        return !IsLet(_minute, counted) ? Refused($"{what} {InAMinute} changes within a minute. Wait a moment, then go on.")
            : !IsLet(_day, counted) ? Refused(
                $"{what} {InADay:N0} changes within a day. Go on tomorrow, or ask the operator of this router.")
            : null;
    }

    public void Dispose()
    {
        _minute.Dispose();
        _day.Dispose();
    }

    private static bool IsLet(PartitionedRateLimiter<Counted> limiter, Counted counted)
    {
        using var lease = limiter.AttemptAcquire(counted);
        return lease.IsAcquired;
    }

    private static Refusal Refused(string sentence) => new(StatusCodes.Status429TooManyRequests, sentence);

    private static PartitionedRateLimiter<Counted> Within(TimeSpan window, int count, int segments) =>
        PartitionedRateLimiter.Create<Counted, Counted>(of => RateLimitPartition.GetSlidingWindowLimiter(
            of, _ => new SlidingWindowRateLimiterOptions
            {
                PermitLimit = count, Window = window, SegmentsPerWindow = segments, QueueLimit = 0,
            }));

    private readonly record struct Counted(Guid Id, bool IsByToken);
}
