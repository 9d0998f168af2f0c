using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Router.Api.Incoming;
using Router.Api.Pages;
using Router.Core.Database;

namespace Router.Api;

/// <summary>
/// Every answer that carries no body of its own gets one: <c>{"error": …}</c> on the incoming paths, problem details
/// on the API, a page elsewhere. Nothing of the request's contents is repeated.
/// </summary>
internal static class Errors
{
    public static void AddErrors(this IServiceCollection services)
    {
        services.AddProblemDetails();
        // So that a body that doesn't bind gets a sentence, in production too.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }

    public static void UseErrors(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => Answer(context, StatusOf(context, out var sentence), sentence),
            SuppressDiagnosticsCallback = failure => failure.Exception is BadHttpRequestException || DatabaseAvailability.IsOutage(failure.Exception),
        });
        app.UseStatusCodePages(pages => Answer(pages.HttpContext, pages.HttpContext.Response.StatusCode, sentence: null));
    }

    private static int StatusOf(HttpContext context, out string? sentence)
    {
        var exception = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        sentence = exception?.InnerException is JsonException { Path: not null } json
            ? $"The body does not fit at {json.Path}, line {json.LineNumber + 1}."
            : null;
        return exception switch
        {
            BadHttpRequestException bad => bad.StatusCode,
            not null when DatabaseAvailability.IsOutage(exception) => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status500InternalServerError,
        };
    }

    private static Task Answer(HttpContext context, int status, string? sentence)
    {
        context.Response.StatusCode = status;
        // An exception has taken the headers away that were set by then.
        PagesHosting.NoSniffing(context.Response.Headers);
        context.Response.Headers.CacheControl = "no-store";
        sentence ??= Sentence(context, status);
        var path = context.Features.Get<IExceptionHandlerPathFeature>()?.Path ?? context.Request.Path.Value;
        if (PagesHosting.IsPage(path))
            return ErrorPage.Write(context, status);

        return IncomingEndpoints.Owns(path)
            ? new IncomingError(status, sentence).ExecuteAsync(context)
            : context.Response.WriteAsJsonAsync(
                new ProblemDetails { Status = status, Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), Detail = sentence },
                options: null, "application/problem+json");
    }

    private static string Sentence(HttpContext context, int status) => status switch
    {
        400 => "The request is malformed.",
        401 => "Missing or wrong credentials.",
        403 => "These credentials have no access to this.",
        404 => "There is nothing at this path.",
        405 => $"{context.Request.Method} is not possible here.",
        408 => "The request took too long to arrive.",
        413 => "The body is larger than 1 MiB.",
        415 => "Send JSON.",
        429 => "Too many requests; send this one again after the time in Retry-After.",
        503 => "The service cannot take this right now; try again.",
        _ => "Something went wrong on our side; it has been logged.",
    };
}
