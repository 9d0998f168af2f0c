using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Router.Api.Pages;

/// <summary>
/// The receivers' guide: the document of this very version, for whoever programs a receiver. They need no account to read it.
/// </summary>
internal sealed class GuideModel : PageModel
{
    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).DisableHtml().Build();

    private static readonly string Text = Read();

    public static readonly string Html = Markdown.ToHtml(Text, Pipeline);

    /// <summary>One of its chapters, with its heading.</summary>
    public static string Section(string heading)
    {
        var begin = Text.IndexOf($"\n## {heading}\n", StringComparison.Ordinal) + 1;
        var end = Text.IndexOf("\n## ", begin, StringComparison.Ordinal);
        return Markdown.ToHtml(end < 0 ? Text[begin..] : Text[begin..end], Pipeline);
    }

    private static string Read()
    {
        using var stream = typeof(GuideModel).Assembly.GetManifestResourceStream("receivers.md")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
