using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Router.Core.Sites;
using Router.Hosting.ApiSettings;

namespace Router.Api.Incoming;

/// <summary>A token bucket for each product, so that one sender that runs wild costs the others nothing.</summary>
internal static class ProductRateLimit
{
    public const string Policy = "product";

    // The bucket is filled in small steps: a sender that is told to wait a second finds tokens then.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    public static void AddProductRateLimit(this IServiceCollection services) =>
        services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(
                    rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait.TotalSeconds : 1))
                        .ToString(CultureInfo.InvariantCulture);
                return default;
            };
            limiter.AddPolicy(Policy, context =>
            {
                var options = context.RequestServices.GetRequiredService<IOptions<IncomingOptions>>().Value;
                // Whoever gets here has been authenticated.
                return RateLimitPartition.GetTokenBucketLimiter(
                    context.Features.Get<Product>()?.Username ?? "", _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = options.Burst,
                    // In whole tokens: ten times a second where that comes out even, else one at a time.
                    TokensPerPeriod = options.RatePerSecond % 10 == 0 ? options.RatePerSecond / 10 : 1,
                    ReplenishmentPeriod = options.RatePerSecond % 10 == 0 ? Step : TimeSpan.FromSeconds(1.0 / options.RatePerSecond),
                    QueueLimit = 0,
                });
            });
        });
}
