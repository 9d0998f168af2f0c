using System.ComponentModel.DataAnnotations;

namespace Router.Hosting.ApiSettings;

/// <summary>Section <c>Pages</c>: the web pages. API only.</summary>
internal sealed class PagesOptions
{
    /// <summary>A sentence at the top of every page, such as <c>Staging: not for real leads.</c> Default none.</summary>
    [RegularExpression(@"^\P{Cc}{0,300}$")]
    public string? Notice { get; set; }
}
