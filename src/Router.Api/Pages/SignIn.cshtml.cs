using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Router.Api.Accounts;
using Router.Api.Authentication;

namespace Router.Api.Pages;

[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class SignInModel(SignIns signIns) : PageModel
{
    [BindProperty(Name = "email")]
    public string? Email { get; set; }

    [BindProperty(Name = "password")]
    public string? Password { get; set; }

    [BindProperty(Name = "return", SupportsGet = true)]
    public string? Return { get; set; }

    public IActionResult OnGet() => HttpContext.SignedIn() is null ? Page() : Redirect("/");

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (await signIns.Try(Email ?? "", Password ?? "", cancellationToken) is { } session)
        {
            await HttpContext.SignIn(session);
            return Url.IsLocalUrl(Return) ? LocalRedirect(Return) : Redirect("/");
        }

        ModelState.AddModelError("", "E-mail and password do not fit together. After five wrong tries an account is locked for 15 minutes.");
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Page();
    }
}
