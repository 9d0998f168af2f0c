using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;

namespace Router.Api.Pages;

/// <summary>
/// What asks for a handler that a page doesn't have, like the address that a refused form leaves in the browser, gets the page itself:
/// rendered without a handler it would have nothing to show.
/// </summary>
internal sealed class KnownHandlers : IAsyncPageFilter
{
    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        var request = context.HttpContext.Request;
        if (context.HandlerMethod is null && !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            context.Result = new StatusCodeResult(StatusCodes.Status405MethodNotAllowed);
        else if (context.HandlerMethod is null && request.Query.ContainsKey("handler"))
            context.Result = new RedirectResult($"{request.PathBase.Add(request.Path).ToUriComponent()}"
                + $"{QueryString.Create(request.Query.Where(pair => pair.Key != "handler"))}");
        else
            await next();
    }
}
