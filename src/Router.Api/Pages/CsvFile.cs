using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Router.Api.Pages;

/// <summary>
/// A table to download, written while it is read, however long it is. Times are in UTC, as programs read them. A cell that a spreadsheet
/// would take for a formula gets an apostrophe before it: leads hold what strangers typed.
/// </summary>
/// <param name="name">The file's name, without its ending.</param>
/// <param name="columns">The first line.</param>
/// <param name="pages">The rows, some at a time.</param>
internal sealed class CsvFile(string name, IReadOnlyList<string> columns, IAsyncEnumerable<IEnumerable<object?[]>> pages) : IActionResult
{
    private static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture) { InjectionOptions = InjectionOptions.Escape };

    public async Task ExecuteResultAsync(ActionContext context)
    {
        var (response, stopping) = (context.HttpContext.Response, context.HttpContext.RequestAborted);
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = $"{name}.csv" }.ToString();
        // Spreadsheets take a file without this mark for one in another encoding.
        await response.WriteAsync("\uFEFF" + Lines([[.. columns]]), stopping);
        await foreach (var page in pages.WithCancellation(stopping))
            await response.WriteAsync(Lines(page), stopping);
    }

    private static string Lines(IEnumerable<object?[]> rows)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = new CsvWriter(text, Format))
        {
            foreach (var row in rows)
            {
                foreach (var cell in row)
                    csv.WriteField(Text(cell));
                csv.NextRecord();
            }
        }

        return text.ToString();
    }

    private static string? Text(object? cell) => cell is DateTimeOffset at
        ? at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)
        : Convert.ToString(cell, CultureInfo.InvariantCulture);
}
