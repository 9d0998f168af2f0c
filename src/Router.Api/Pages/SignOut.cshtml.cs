using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenIdConnect;
using Router.Hosting.ApiSettings;

namespace Router.Api.Pages;

[WithoutSecondFactor]
internal sealed class SignOutModel(Sessions sessions, ProviderSignOut provider, IOptions<ProviderOptions> options) : PageModel
{
    public string ProviderName => options.Value.Name;

    /// <summary>
    /// The page at the provider that ends the session there. A page of ours leads to it: our forms lead to no other host, and browsers see
    /// to that.
    /// </summary>
    public string? Onward { get; private set; }

    public IActionResult OnGet() => Redirect("/");

    [Uncounted]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        await sessions.End(HttpContext, cancellationToken);
        // What a shared computer still has of the pages.
        Response.Headers["Clear-Site-Data"] = "\"cache\", \"storage\"";
        Onward = (await provider.Take(HttpContext))?.AbsoluteUri;
        if (Onward is null)
            return Redirect("/sign-in");

        // The page is nobody's any more.
        HttpContext.Features.Set<Account>(null);
        return Page();
    }
}
