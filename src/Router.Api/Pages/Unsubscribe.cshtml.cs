using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Router.Api.Accounts;

namespace Router.Api.Pages;

/// <summary>
/// Ends alerts by mail, without signing in. Looking at it changes nothing, for mail programs look at links; one POST does it, from here or
/// from the mail program itself (RFC 8058), which has no token against forgery: the link is one.
/// </summary>
[IgnoreAntiforgeryToken]
[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class UnsubscribeModel(AlertChoices choices) : PageModel
{
    [FromRoute(Name = "link")]
    public Guid Link { get; set; }

    public bool IsDone { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken) =>
        await choices.Knows(Link, cancellationToken) ? Page() : NotFound();

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        IsDone = await choices.Unsubscribe(Link, cancellationToken);
        return IsDone ? Page() : NotFound();
    }
}
