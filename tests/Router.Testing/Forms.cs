using System.Net;
using System.Text.RegularExpressions;

namespace Router.Testing;

/// <summary>The forms of our own pages, which are well formed.</summary>
public static class Forms
{
    /// <summary>The forms that change something, and where each of them goes; null for wherever the browser happens to be.</summary>
    public static IEnumerable<(string Form, string? Action)> Posting(string html) =>
        Regex.Matches(html, "(?<tag><form\\b[^>]*>).*?</form>", RegexOptions.Singleline)
        .Select(form => (Form: form.Value, Tag: form.Groups["tag"].Value))
        .Where(form => string.Equals(Attribute(form.Tag, "method"), "post", StringComparison.OrdinalIgnoreCase))
        .Select(form => (form.Form, Attribute(form.Tag, "action")));

    /// <summary>The form with this button, and where it goes; null for the page itself.</summary>
    public static (string Form, string? Action) Find(string html, string button)
    {
        foreach (Match form in Regex.Matches(html, "(?<tag><form\\b[^>]*>).*?</form>", RegexOptions.Singleline))
        {
            foreach (Match pressed in Regex.Matches(form.Value, "(?<tag><button\\b[^>]*>)(?<text>.*?)</button>", RegexOptions.Singleline))
            {
                if (WebUtility.HtmlDecode(pressed.Groups["text"].Value).Trim() == button
                    || Attribute(pressed.Groups["tag"].Value, "aria-label") == button)
                    return (form.Value, Attribute(pressed.Groups["tag"].Value, "formaction")
                        ?? Attribute(form.Groups["tag"].Value, "action"));
            }
        }

        throw new InvalidOperationException($"There is no button '{button}': {html}");
    }

    public static IEnumerable<(string Name, string Value, bool IsSent)> Fields(string form)
    {
        foreach (Match input in Regex.Matches(form, "<input\\b[^>]*>"))
        {
            if (Attribute(input.Value, "name") is { } name)
                yield return (name, Attribute(input.Value, "value") ?? "", Attribute(input.Value, "type") != "checkbox"
                    || input.Value.Contains(" checked", StringComparison.Ordinal));
        }

        foreach (Match area in Regex.Matches(form, "(?<tag><textarea\\b[^>]*>)(?<text>.*?)</textarea>", RegexOptions.Singleline))
            yield return (Attribute(area.Groups["tag"].Value, "name")!, WebUtility.HtmlDecode(area.Groups["text"].Value), true);
        foreach (Match select in Regex.Matches(form, "(?<tag><select\\b[^>]*>)(?<text>.*?)</select>", RegexOptions.Singleline))
        {
            var options = Regex.Matches(select.Groups["text"].Value, "<option\\b[^>]*>").Select(option => option.Value).ToList();
            var chosen = options.Find(option => option.Contains(" selected", StringComparison.Ordinal)) ?? options.FirstOrDefault() ?? "";
            yield return (Attribute(select.Groups["tag"].Value, "name")!, Attribute(chosen, "value") ?? "", true);
        }
    }

    private static string? Attribute(string tag, string name) =>
        Regex.Match(tag, $" {name}=\"([^\"]*)\"") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;
}
