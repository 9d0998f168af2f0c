using Microsoft.AspNetCore.RateLimiting;
using Router.Api.Authentication;
using Router.Hosting;

namespace Router.Api.Management;

/// <summary>
/// How many requests of one account are under way at a time on the pages and in the management API: the others wait their turn. Connections
/// to Postgres are few, and one account that asks for much must leave some to the others (<c>EverybodysPlaces</c> sees to leads).
/// However many tokens an account has, they share their places; its pages have as many of their own, for whoever has stolen a token must
/// not keep the account from the page that revokes it.
/// </summary>
internal static class AccountConcurrency
{
    private const int Most = 4;

    // Beyond these there is 429.
    private const int MostWaiting = 40;

    public static void AddAccountConcurrency(this IServiceCollection services) =>
        services.Configure<RateLimiterOptions>(limiter => limiter.GlobalLimiter = new PlacesByKey<HttpContext>(
            (context => context.SignedIn() is { } account ? (account.Id, account.Token is not null) : null, Most, MostWaiting)));
}
