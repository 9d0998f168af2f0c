using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Authentication;

namespace Router.Api.Pages;

[WithoutSecondFactor]
internal sealed class SignOutModel(Sessions sessions) : PageModel
{
    public IActionResult OnGet() => Redirect("/");

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        await sessions.End(HttpContext, cancellationToken);
        return Redirect("/sign-in");
    }
}
