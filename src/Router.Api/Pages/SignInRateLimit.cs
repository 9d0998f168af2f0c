using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Hosting;

namespace Router.Api.Pages;

/// <summary>
/// Passwords, and links that were mailed, tried from one address, or one /56 of IPv6: thirty a minute unless
/// <c>Http:SignInsPerMinute</c> says otherwise. An account's own lock counts beside it.
/// </summary>
internal static class SignInRateLimit
{
    public const string Policy = "sign-in";

    public static void AddSignInRateLimit(this IServiceCollection services) =>
        services.Configure<RateLimiterOptions>(limiter => limiter.AddPolicy(Policy, context =>
            HttpMethods.IsPost(context.Request.Method)
                ? RateLimitPartition.GetFixedWindowLimiter(
                    ClientAddress.Network(context), _ => new FixedWindowRateLimiterOptions
                {
                    PermitLimit = context.RequestServices.GetRequiredService<IOptions<HttpOptions>>().Value.SignInsPerMinute,
                    Window = TimeSpan.FromMinutes(1), QueueLimit = 0,
                })
                : RateLimitPartition.GetNoLimiter("reading")));
}
