using System.Reflection;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Router.Api.Authentication;

namespace Router.Api.Changes;

/// <summary>Counts what the API and the pages are asked to change (<see cref="ChangeRate"/>).</summary>
internal sealed class ChangeRateFilter : IEndpointFilter, IAsyncPageFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<UncountedAttribute>() is null && Refusal(context.HttpContext) is { } refusal
            ? ValueTask.FromResult<object?>(Answer(context.HttpContext, refusal)) : next(context);

    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        if (context.HandlerMethod?.MethodInfo.GetCustomAttribute<UncountedAttribute>() is null
            && Refusal(context.HttpContext) is { } refusal)
        {
            // A page by itself: nothing of the one that was asked for is loaded yet.
            context.HttpContext.Features.Set(new AccessRefusal(refusal.Sentence));
            context.Result = new StatusCodeResult(refusal.Status);
            return;
        }

        await next();
    }

    private static IResult Answer(HttpContext http, Refusal refusal)
    {
        // For programs: by then some of the minute is over.
        http.Response.Headers.RetryAfter = "30";
        return refusal.ToProblem();
    }

    private static Refusal? Refusal(HttpContext http) => http.RequestServices.GetRequiredService<ChangeRate>().Count(http);
}
