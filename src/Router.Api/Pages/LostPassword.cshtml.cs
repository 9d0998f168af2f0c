using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Router.Api.Accounts;

namespace Router.Api.Pages;

/// <summary>Says the same to everybody, whether there is such an account or not.</summary>
[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class LostPasswordModel(LostPasswords lost) : PageModel
{
    [BindProperty(Name = "email")]
    public string? Email { get; set; }

    public bool CanMail => lost.CanMail;

    public bool IsSent { get; private set; }

    public IActionResult OnPost()
    {
        if (!CanMail)
            return Page();
        if (string.IsNullOrWhiteSpace(Email))
        {
            ModelState.AddModelError("email", "Enter the e-mail that you sign in with.");
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            return Page();
        }

        lost.Begin(Email);
        IsSent = true;
        return Page();
    }
}
