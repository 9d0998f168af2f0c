using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Api.Incoming;
using Router.Core.Database;
using Router.Hosting;

namespace Router.Api.Requests;

/// <summary>
/// How many requests of all who are signed in are under way at a time: they leave a quarter of the connections to Postgres to leads, the
/// outbox and periodic work. What is asked about one site has a third of these places at most, however many accounts that site has, and
/// so has what one account asks about none. A request has a place once its body is there (<see cref="WholeBodies"/>). Operators have
/// places of their own: they are the ones who can shut somebody out. Strangers have other limits (<c>SignIns.cs</c>): whoever is signed in
/// doesn't wait behind their guesses.
/// </summary>
internal static class EverybodysPlaces
{
    // Beyond these there is 429.
    private const int MostWaiting = 500;

    public static void UseEverybodysPlaces(this WebApplication app)
    {
        var most = Math.Max(1, app.Services.GetRequiredService<IOptions<DatabaseOptions>>().Value.MaxPoolSize * 3 / 4);
        var places = new PlacesByKey<HttpContext>(
            (context => IsOperators(context) ? null : $"{SiteAccess.SiteOf(context) ?? context.Account().Id}", Math.Max(1, most / 3),
                MostWaiting / 4),
            (context => IsOperators(context) ? Roles.Operator : "", most, MostWaiting));
        app.Lifetime.ApplicationStopped.Register(places.Dispose);
        app.Use(async (context, next) =>
        {
            if (context.SignedIn() is null || IncomingEndpoints.Owns(context.Request.Path))
            {
                await next(context);
                return;
            }

            using var place = await places.AcquireAsync(context, 1, context.RequestAborted);
            if (place.IsAcquired)
            {
                await next(context);
                return;
            }

            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = "1";
        });
    }

    private static bool IsOperators(HttpContext context) => context.Account().Role == Roles.Operator;
}
