using System.Globalization;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;
using Router.Api.Authentication;

namespace Router.Api.Pages;

/// <summary>
/// <c>&lt;moment at="…"&gt;</c>: a time as the account's people read it, in their time zone; to the second with <c>exact</c>.
/// </summary>
[HtmlTargetElement("moment", TagStructure = TagStructure.WithoutEndTag)]
public sealed class MomentTagHelper(TimeProvider time) : TagHelper
{
    /// <summary>When; nothing is shown without.</summary>
    public DateTimeOffset? At { get; set; }

    /// <summary>With the date, seconds and milliseconds.</summary>
    public bool Exact { get; set; }

    /// <summary>The page, for its account.</summary>
    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        if (At is not { } at)
        {
            output.SuppressOutput();
            return;
        }

        var zone = TimeZones.Find(ViewContext.HttpContext.SignedIn()?.TimeZone);
        var local = TimeZoneInfo.ConvertTime(at, zone);
        output.TagName = "time";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("datetime", at.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        output.Attributes.SetAttribute("title", $"{local.ToString("d MMMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} {zone.Id}");
        output.Content.SetContent(Exact ? local.ToString("d MMM yyyy HH:mm:ss.fff", CultureInfo.InvariantCulture)
            : TimeZones.Words(at, ViewContext.HttpContext, time.GetUtcNow()));
    }
}
