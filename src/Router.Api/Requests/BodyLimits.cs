using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Router.Api.Incoming;

namespace Router.Api.Requests;

/// <summary>
/// How large a body may be: 1 MiB, unless the endpoint says otherwise (<c>RequestSizeLimit</c>). Whatever binds a body makes objects of it,
/// many times its size, before anything looks at what they say. The server's own limit, 30 MB, stays: up to that it throws away what is
/// left of a body, and whoever sent it reads the answer. Senders' paths have a limit of their own (<see cref="LeadBody.MostBytes"/>).
/// </summary>
internal static class BodyLimits
{
    /// <summary>Where the endpoint says nothing.</summary>
    public const long Usual = 1024 * 1024;

    /// <summary>The limit of a request that isn't a sender's.</summary>
    public static long Of(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? Usual;

    public static void UseBodyLimits(this WebApplication app) => app.Use((context, next) =>
    {
        var request = context.Request;
        if (IncomingEndpoints.Owns(request.Path))
            return next(context);

        var limit = Of(context);
        if (request.ContentLength > limit)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return Task.CompletedTask;
        }

        if (request.ContentLength is null && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is true)
            request.Body = new LimitedBody(request.Body, limit);
        return next(context);
    });
}
