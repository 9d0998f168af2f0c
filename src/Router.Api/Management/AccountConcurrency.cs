using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Core.Database;

namespace Router.Api.Management;

/// <summary>
/// How many requests are under way at a time on the pages and in the management API, of one account and of everybody: the others wait their
/// turn. Connections to Postgres are few. One account that asks for much must leave some to the others, and all of them together must leave
/// some to leads, which come from products and not from accounts. However many tokens an account has, they share their places; its pages
/// have as many of their own, for whoever has stolen a token must not keep the account from the page that revokes it.
/// </summary>
internal static class AccountConcurrency
{
    private const int MostByTokens = 4;
    private const int MostOnPages = 4;

    // Beyond these there is 429.
    private const int MostWaiting = 500;

    public static void AddAccountConcurrency(this IServiceCollection services) =>
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<DatabaseOptions>>((limiter, database) =>
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(OfAccount(), OfEverybody(database.Value)));

    /// <summary>A quarter of the connections is left to whatever isn't asked for here: leads, the outbox, periodic work.</summary>
    private static int MostOfEverybody(DatabaseOptions database) => Math.Max(1, database.MaxPoolSize * 3 / 4);

    private static PartitionedRateLimiter<HttpContext> OfAccount() =>
        PartitionedRateLimiter.Create<HttpContext, (Guid, bool)>(context => context.SignedIn() is { } account
            ? Partition((account.Id, account.Token is not null), account.Token is null ? MostOnPages : MostByTokens)
            : RateLimitPartition.GetNoLimiter((Guid.Empty, false)));

    private static PartitionedRateLimiter<HttpContext> OfEverybody(DatabaseOptions database) =>
        // Strangers have limits of their own (SignIns.cs): whoever is signed in doesn't wait behind their guesses.
        PartitionedRateLimiter.Create<HttpContext, bool>(context => context.SignedIn() is not null
            ? Partition(true, MostOfEverybody(database)) : RateLimitPartition.GetNoLimiter(false));

    private static RateLimitPartition<T> Partition<T>(T of, int most) => RateLimitPartition.GetConcurrencyLimiter(
        of, _ => new ConcurrencyLimiterOptions { PermitLimit = most, QueueLimit = MostWaiting });
}
