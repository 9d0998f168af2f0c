using System.Text;
using System.Text.Encodings.Web;

namespace Router.Api.Pages;

/// <summary>
/// A status without a page of its own, said to a person. Needs nothing but itself: it must work while the database is away.
/// </summary>
internal static class ErrorPage
{
    /// <param name="context">The request.</param>
    /// <param name="status">The answer.</param>
    /// <param name="reason">Better words than the status has, where somebody knows them.</param>
    public static Task Write(HttpContext context, int status, string? reason = null)
    {
        var (title, sentence) = status switch
        {
            400 => ("That did not work",
                "The form was open for too long, or the browser blocks our cookies. Go back, reload the page and try once more."),
            403 => ("Not for this account", "This page is for the operators of the lead router."),
            404 => ("Not found", "There is nothing at this address, or it is not yours to see."),
            413 => ("Too large", "What was sent is larger than this page takes. Go back and send less."),
            429 => ("Too many tries", "Wait a minute, then try again."),
            >= 400 and < 500 => ("That did not work", "This address does not take what your browser sent. Go back and try again."),
            503 => ("Not available right now",
                "The database does not answer. Leads are still taken and none is lost. Try again in a moment."),
            _ => ("Something went wrong",
                "The error is on our side and has been logged. Go back and try again; if it stays, tell the operator."),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        var html = HtmlEncoder.Default;
        return context.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{html.Encode(title)} · Lead router</title><link rel="stylesheet" href="{Assets.Style.Path}"></head>
            <body><header class="top"><a class="brand" href="/">Lead router</a></header>
            <main id="main" class="narrow"><h1>{html.Encode(title)}</h1><p>{html.Encode(reason ?? sentence)}</p>
            <p><a href="/">Back to the start</a></p></main>
            </body>
            </html>
            """, Encoding.UTF8);
    }
}
