using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Router.Api.Authentication;

namespace Router.Api.Management;

/// <summary>
/// How many requests of one account are under way at a time on the pages and in the management API: the others wait their turn. Connections
/// to Postgres are few, and one account that asks for much must leave some to the others (<c>EverybodysPlaces</c> sees to leads).
/// However many tokens an account has, they share their places; its pages have as many of their own, for whoever has stolen a token must
/// not keep the account from the page that revokes it.
/// </summary>
internal static class AccountConcurrency
{
    private const int MostByTokens = 4;
    private const int MostOnPages = 4;

    // Beyond these there is 429.
    private const int MostWaiting = 40;

    public static void AddAccountConcurrency(this IServiceCollection services) =>
        services.Configure<RateLimiterOptions>(limiter => limiter.GlobalLimiter =
            PartitionedRateLimiter.Create<HttpContext, (Guid, bool)>(context => context.SignedIn() is { } account
                ? Places((account.Id, account.Token is not null), account.Token is null ? MostOnPages : MostByTokens)
                : RateLimitPartition.GetNoLimiter((Guid.Empty, false))));

    private static RateLimitPartition<(Guid, bool)> Places((Guid, bool) account, int most) => RateLimitPartition.GetConcurrencyLimiter(
        account, _ => new ConcurrencyLimiterOptions { PermitLimit = most, QueueLimit = MostWaiting });
}
