using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using Router.Core.Telemetry;
using Router.Hosting;

namespace Router.Api.Incoming;

/// <summary>
/// The first span of a lead's trace: its sender's request, a child of the sender's own span if there is one. ASP.NET's activity isn't it:
/// that one is made for every request, of pages too, and a sender's flag would decide what is kept.
/// </summary>
internal static class IntakeTraces
{
    /// <summary>After whatever refuses requests at the door: only a sender's requests have traces.</summary>
    public static void UseIntakeTraces(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<TelemetryOptions>>().Value.HasTraces)
            app.Use(next => context => IncomingEndpoints.Owns(context.Request.Path) ? Trace(context, next) : next(context));
    }

    private static async Task Trace(HttpContext context, RequestDelegate next)
    {
        // Neither the server's activity nor what of the sender's is in it: only his trace.
        Activity.Current = null;
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        var name = route is null ? context.Request.Method : $"{context.Request.Method} {route}";
        using var span = RouterTraces.Continue(name, ActivityKind.Server, SendersSpan(context.Request));
        if (span is not { IsAllDataRequested: true })
        {
            await next(context);
            return;
        }

        span.SetTag("http.request.method", context.Request.Method).SetTag("http.route", route);
        try
        {
            await next(context);
        }
        catch (Exception failed) when (span.Failed(failed))
        {
            throw;
        }

        var status = context.Response.StatusCode;
        span.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
            span.Fail(status.ToString(CultureInfo.InvariantCulture));
    }

    private static ActivityContext SendersSpan(HttpRequest request) =>
        request.Headers.TraceParent is [var said] ? RouterTraces.Of(said) : default;
}
