using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Router.Api.Authentication;

namespace Router.Api.Management;

/// <summary>
/// How many requests of one account are under way at a time, on the pages and in the management API: the others wait their turn.
/// Connections to Postgres are few, and one account that asks for much must leave some to the others. Leads come from products, not from
/// accounts. Each token has places of its own: whoever has stolen one must not keep the account from the page that revokes it.
/// </summary>
internal static class AccountConcurrency
{
    private const int Most = 8;

    // Beyond these there is 429.
    private const int MostWaiting = 500;

    public static void AddAccountConcurrency(this IServiceCollection services) => services.Configure<RateLimiterOptions>(limiter =>
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, Guid>(context => context.SignedIn() is { } account
            ? RateLimitPartition.GetConcurrencyLimiter(
                account.Token?.Id ?? account.Id, _ => new ConcurrencyLimiterOptions { PermitLimit = Most, QueueLimit = MostWaiting })
            : RateLimitPartition.GetNoLimiter(Guid.Empty)));
}
