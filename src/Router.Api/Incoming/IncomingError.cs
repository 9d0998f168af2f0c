using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>What a sender gets when its request isn't taken: a status and <c>{"error": "one sentence"}</c>.</summary>
internal sealed record IncomingError(int Status, string Sentence) : IResult
{
    public static readonly IncomingError Busy =
        new(StatusCodes.Status503ServiceUnavailable, "Too many leads arrive at once; send this one again.");

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.RequestServices.GetRequiredService<IntakeMetrics>().Refuse(Status);
        // Of those who hold a password: strangers have no name.
        if (httpContext.Features.Get<Product>() is { } product)
            httpContext.RequestServices.GetRequiredService<RefusedRequests>().Add(product, Status, Sentence);
        httpContext.Response.StatusCode = Status;
        if (Status is StatusCodes.Status503ServiceUnavailable)
            httpContext.Response.Headers.RetryAfter = "5";
        return httpContext.Response.WriteAsJsonAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = Sentence }, options: null, "application/json");
    }
}
