using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Router.Api.Management;

/// <summary>All that is kept of a person, as a file that is written while it is sent.</summary>
/// <param name="write">Writes it.</param>
/// <param name="turn">Given back when the answer has gone.</param>
internal sealed class PersonFile(Func<Stream, Task> write, IDisposable turn) : IResult, IActionResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (turn)
        {
            var response = httpContext.Response;
            response.ContentType = "application/json";
            response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = "person.json" }.ToString();
            await write(response.Body);
        }
    }

    public Task ExecuteResultAsync(ActionContext context) => ExecuteAsync(context.HttpContext);
}
