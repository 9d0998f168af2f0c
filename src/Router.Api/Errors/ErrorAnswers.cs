using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Router.Api.Authentication;
using Router.Api.Incoming;
using Router.Api.Pages;
using Router.Core.Database;

namespace Router.Api.Errors;

/// <summary>
/// Every answer that carries no body of its own gets one: <c>{"error": …}</c> on the incoming paths, problem details
/// on the API, a page elsewhere. Nothing of the request's contents is repeated.
/// </summary>
internal static class ErrorAnswers
{
    public static void AddErrors(this IServiceCollection services)
    {
        services.AddProblemDetails();
        services.AddServerRefusals();
        // So that a body that doesn't bind gets a sentence, in production too.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }

    public static void UseErrors(this WebApplication app)
    {
        app.UseServerRefusals();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => Answer(context, StatusOf(context, out var sentence), sentence),
            SuppressDiagnosticsCallback = failure =>
                failure.Exception is BadHttpRequestException || DatabaseAvailability.IsOutage(failure.Exception),
        });
        app.UseStatusCodePages(pages => Answer(pages.HttpContext, pages.HttpContext.Response.StatusCode, sentence: null));
        // Postgres takes no NUL, and nothing that anybody looks for holds one. Senders are asked nothing in a query.
        app.Use((context, next) =>
        {
            if (IncomingEndpoints.Owns(context.Request.Path)
                || context.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) is not true)
                return next(context);

            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        });
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
            // Senders give up on a 500; whatever failed here, the lead may be taken a moment later.
            _ when IncomingEndpoints.Owns(context.Request.Path) => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status500InternalServerError,
        };
    }

    private static Task Answer(HttpContext context, int status, string? sentence)
    {
        context.Response.StatusCode = status;
        // An exception has taken the headers away that were set by then.
        PagesHosting.NoSniffing(context.Response.Headers);
        context.Response.Headers.CacheControl = "no-store";
        var refusal = context.Features.Get<AccessRefusal>()?.Sentence;
        sentence ??= refusal ?? StatusSentences.Of(status, context.Request.Method);
        var path = context.Features.Get<IExceptionHandlerPathFeature>()?.Path ?? context.Request.Path.Value;
        if (PagesHosting.IsPage(path))
            return ErrorPage.Write(context, status, refusal);

        return IncomingEndpoints.Owns(path)
            ? new IncomingError(status, sentence).ExecuteAsync(context)
            : context.Response.WriteAsJsonAsync(
                new ProblemDetails { Status = status, Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
                    Detail = sentence },
                options: null, "application/problem+json");
    }
}
