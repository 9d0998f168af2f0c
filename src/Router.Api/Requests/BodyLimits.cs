using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Router.Api.Authentication;
using Router.Api.Incoming;

namespace Router.Api.Requests;

/// <summary>
/// How large a body may be: 1 MiB, unless the endpoint says otherwise (<see cref="LargerBodyAttribute"/>), and 32 KiB of whoever isn't
/// signed in. Whatever binds a body makes objects of it, many times its size, before anything looks at what they say. The server's own
/// limit, 30 MB, stays: up to that it throws away what is left of a body, and whoever sent it reads the answer. Senders' paths have a limit
/// of their own (<see cref="LeadBody.MostBytes"/>).
/// </summary>
internal static class BodyLimits
{
    /// <summary>Where the endpoint says nothing.</summary>
    public const long Usual = 1024 * 1024;

    // A form kept over a sign-in is much smaller, and so is all else that they send.
    private const long Strangers = 32 * 1024;

    /// <summary>The limit of a request that isn't a sender's.</summary>
    public static long Of(HttpContext context) => context.SignedIn() is null ? Strangers : OfEndpoint(context);

    /// <summary>Before anything is known of whoever asks.</summary>
    public static void UseBodyLimits(this WebApplication app) => app.Use((context, next) =>
    {
        if (!IncomingEndpoints.Owns(context.Request.Path) && !Fits(context, OfEndpoint(context)))
            return Task.CompletedTask;

        // Some would read it all the same, as they ask for the content type only: Razor pages, whatever the method, and the sign-in at
        // the provider, which ends where no endpoint is. Nothing has counted it then, and nothing gives it up.
        if (!IsTaken(context))
            context.Request.Body = Stream.Null;
        return next(context);
    });

    /// <summary>Whether the body means anything.</summary>
    public static bool IsTaken(HttpContext context) => context.GetEndpoint() is not null
        && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method);

    /// <summary>Whether the body is no larger; else the request is answered. One of unknown length is read up to there.</summary>
    public static bool Fits(HttpContext context, long limit)
    {
        var request = context.Request;
        if (request.ContentLength > limit)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return false;
        }

        if (request.ContentLength is null && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is true)
            request.Body = new LimitedBody(request.Body, limit);
        return true;
    }

    private static long OfEndpoint(HttpContext context) => context.GetEndpoint() is not { } endpoint ? Strangers
        : endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? Usual;
}
