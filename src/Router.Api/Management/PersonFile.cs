using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Router.Api.Management;

/// <summary>All that is kept of a person, as a file that is written while it is sent.</summary>
/// <param name="write">Writes it.</param>
/// <param name="turn">Given back when the answer has gone.</param>
/// <param name="longest">How long whoever reads it may take.</param>
/// <param name="time">The clock.</param>
internal sealed partial class PersonFile(Func<Stream, Task> write, IDisposable turn, TimeSpan longest, TimeProvider time)
    : IResult, IActionResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (turn)
        {
            var response = httpContext.Response;
            response.ContentType = "application/json";
            response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = "person.json" }.ToString();
            using var tooLong = new CancellationTokenSource(longest, time);
            // The connection goes, too: nobody may take a part for the whole.
            await using var end = tooLong.Token.Register(() =>
            {
                LogTooLong(httpContext.RequestServices.GetRequiredService<ILogger<PersonFile>>(), longest);
                httpContext.Abort();
            });
            await write(response.Body);
        }
    }

    public Task ExecuteResultAsync(ActionContext context) => ExecuteAsync(context.HttpContext);

    [LoggerMessage(LogLevel.Warning, "A person's file was broken off: it wasn't read within {Longest}")]
    private static partial void LogTooLong(ILogger logger, TimeSpan longest);
}
