using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.YourAccount;

/// <summary>Where the account is signed in, and what came of the latest sign-ins.</summary>
internal sealed class SessionsModel(SessionList sessions, AccessReport report) : PageModel
{
    private const int MostRecent = 30;

    public IReadOnlyList<SessionRow> Sessions { get; private set; } = [];

    public IReadOnlyList<AccessRow> Recent { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken)
    {
        var account = HttpContext.Account().Id;
        Sessions = await sessions.Of(account, cancellationToken);
        Recent = await report.Newest(account, email: null, before: null, MostRecent, cancellationToken);
    }

    [Uncounted]
    public async Task<IActionResult> OnPostEnd([FromForm(Name = "session")] Guid session, CancellationToken cancellationToken)
    {
        this.Notice(await sessions.EndOwn(session, cancellationToken) ? "Signed out there." : "That session was over already.");
        return RedirectToPage();
    }

    [Uncounted]
    public async Task<IActionResult> OnPostEndOthers(CancellationToken cancellationToken)
    {
        await sessions.EndOthers(cancellationToken);
        this.Notice("You are signed out everywhere but here.");
        return RedirectToPage();
    }
}
