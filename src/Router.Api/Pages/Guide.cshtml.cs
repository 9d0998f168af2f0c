using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Router.Api.Pages;

/// <summary>
/// The receivers' guide: the document of this very version, for whoever programs a receiver. They need no account to read it.
/// </summary>
internal sealed class GuideModel : PageModel
{
    public static readonly string Html = Read();

    private static string Read()
    {
        using var stream = typeof(GuideModel).Assembly.GetManifestResourceStream("receivers.md")!;
        using var reader = new StreamReader(stream);
        var pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).DisableHtml().Build();
        return Markdown.ToHtml(reader.ReadToEnd(), pipeline);
    }
}
