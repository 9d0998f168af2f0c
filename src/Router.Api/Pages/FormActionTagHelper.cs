using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;
using Router.Api.Authentication;

namespace Router.Api.Pages;

/// <summary>
/// A form that names no handler posts to its page's own. Without an action a browser would post it to the address bar's URL, which after
/// another form of the page was refused names that form's handler. A viewer of a site doesn't see forms that change it.
/// </summary>
[HtmlTargetElement("form", Attributes = "method")]
public sealed class FormActionTagHelper : TagHelper
{
    /// <summary>After the framework's own, which turns handlers and pages into an action.</summary>
    public override int Order => 0;

    /// <summary>The page.</summary>
    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        var request = ViewContext.HttpContext.Request;
        if (!output.Attributes.TryGetAttribute("action", out var action))
        {
            action = new TagHelperAttribute("action", request.PathBase.Add(request.Path).ToUriComponent());
            output.Attributes.SetAttribute(action);
        }

        if (string.Equals($"{output.Attributes["method"].Value}", "post", StringComparison.OrdinalIgnoreCase)
            && SiteOf($"{action.Value}") is { } site && ViewContext.HttpContext.SignedIn()?.MayChange(site) == false)
            output.SuppressOutput();
    }

    private static Guid? SiteOf(string path) =>
        path.Split('/') is ["", "sites", var id, ..] && Guid.TryParse(id.Split('?')[0], out var site) ? site : null;
}
