using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Router.Api.Pages;

/// <summary>
/// A form that names no handler posts to its page's own. Without an action a browser would post it to the address bar's URL, which after
/// another form of the page was refused names that form's handler.
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
        if (!output.Attributes.ContainsName("action"))
            output.Attributes.SetAttribute("action", request.PathBase.Add(request.Path).ToUriComponent());
    }
}
