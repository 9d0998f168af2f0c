using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Api.Incoming;
using Router.Core.Database;

namespace Router.Api.Requests;

/// <summary>
/// How many requests of all who are signed in are under way at a time: they leave a quarter of the connections to Postgres to leads, the
/// outbox and periodic work. A request has a place once its body is there, or whoever sends slowly would keep the others out. Operators
/// have places of their own: they are the ones who can shut somebody out. Strangers have other limits (<c>SignIns.cs</c>): whoever is
/// signed in doesn't wait behind their guesses.
/// </summary>
internal static class EverybodysPlaces
{
    // What doesn't come in this time isn't on its way.
    private static readonly TimeSpan PatienceForBody = TimeSpan.FromSeconds(10);

    private static readonly MinDataRate SlowestPace = new(bytesPerSecond: 16 * 1024, gracePeriod: TimeSpan.FromSeconds(10));

    // Beyond these there is 429.
    private const int MostWaiting = 500;

    public static void UseEverybodysPlaces(this WebApplication app)
    {
        var most = Math.Max(1, app.Services.GetRequiredService<IOptions<DatabaseOptions>>().Value.MaxPoolSize * 3 / 4);
        var places = PartitionedRateLimiter.Create<string, string>(role => RateLimitPartition.GetConcurrencyLimiter(
            role, _ => new ConcurrencyLimiterOptions { PermitLimit = most, QueueLimit = MostWaiting }));
        app.Lifetime.ApplicationStopped.Register(places.Dispose);
        app.Use(async (context, next) =>
        {
            if (context.SignedIn() is not { } account || IncomingEndpoints.Owns(context.Request.Path))
            {
                await next(context);
                return;
            }

            DemandPace(context);

            if (!await HasBody(context))
            {
                context.Response.StatusCode = StatusCodes.Status408RequestTimeout;
                return;
            }

            using var place = await places.AcquireAsync(account.Role == Roles.Operator ? Roles.Operator : "", 1, context.RequestAborted);
            if (place.IsAcquired)
                await next(context);
            else
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        });
    }

    /// <summary>Whoever sends or reads more slowly than any line is cut off: the server's own bounds would let it take hours.</summary>
    private static void DemandPace(HttpContext context)
    {
        if (!HttpProtocol.IsHttp11(context.Request.Protocol))
            return;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } sent)
            sent.MinDataRate = SlowestPace;
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } read)
            read.MinDataRate = SlowestPace;
    }

    /// <summary>Reads it into memory; a larger one than usual is read by whoever wants it.</summary>
    private static async Task<bool> HasBody(HttpContext context)
    {
        var limit = BodyLimits.Of(context);
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not true || limit > BodyLimits.Usual)
            return true;

        context.Request.EnableBuffering((int)limit);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(PatienceForBody);
        try
        {
            await context.Request.Body.DrainAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return false;
        }

        context.Request.Body.Position = 0;
        return true;
    }
}
