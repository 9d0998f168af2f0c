using System.Globalization;
using Microsoft.AspNetCore.Razor.TagHelpers;
using Router.Core.Deliveries;

namespace Router.Api.Pages;

/// <summary>
/// <c>&lt;sparkline health="…"&gt;</c>: the last 24 hours, delivered above failed, one bar an hour; as a picture and in words.
/// </summary>
[HtmlTargetElement("sparkline", TagStructure = TagStructure.WithoutEndTag)]
public sealed class SparklineTagHelper : TagHelper
{
    private const int Width = 144;
    private const int Height = 36;

    /// <summary>What to show.</summary>
    public DestinationHealthRow Health { get; set; } = null!;

    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagName = "svg";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "spark");
        output.Attributes.SetAttribute("role", "img");
        output.Attributes.SetAttribute("viewBox", FormattableString.Invariant($"0 0 {Width} {Height}"));
        output.Attributes.SetAttribute("aria-label",
            string.Create(CultureInfo.InvariantCulture,
            $"Last 24 hours: {Health.Delivered.Sum()} delivered, {Health.Failed.Sum()} failed"));
        output.Content.AppendHtml(FormattableString.Invariant($"<rect class=\"back\" width=\"{Width}\" height=\"{Height}\" rx=\"3\"/>"));

        var most = Math.Max(1, Enumerable.Range(0, 24).Max(hour => Health.Delivered[hour] + Health.Failed[hour]));
        for (var hour = 0; hour < 24; hour++)
        {
            var failed = Bar(Health.Failed[hour], most);
            var delivered = Bar(Health.Delivered[hour], most);
            output.Content.AppendHtml(Rectangle("ok", hour, Height - failed - delivered, delivered));
            output.Content.AppendHtml(Rectangle("no", hour, Height - failed, failed));
        }
    }

    // A single one is seen beside a thousand.
    private static double Bar(int count, int most) => count == 0 ? 0 : Math.Max(2, Math.Round(count * (Height - 4.0) / most, 1));

    private static string Rectangle(string name, int hour, double top, double height) =>
        height == 0 ? "" : FormattableString.Invariant(
            $"<rect class=\"{name}\" x=\"{hour * 6 + 1}\" y=\"{top}\" width=\"5\" height=\"{height}\"/>");
}
