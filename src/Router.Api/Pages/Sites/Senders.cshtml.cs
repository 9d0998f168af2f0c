using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.Sites;

/// <summary>Who may send leads for this site. Its owners let in those that are on offer, and withdraw them.</summary>
internal sealed class SendersModel(NpgsqlDataSource database, SiteSenders senders) : SitePage(database)
{
    public IReadOnlyList<Sender> LetIn { get; private set; } = [];

    public IReadOnlyList<Sender> OnOffer { get; private set; } = [];

    public bool IsOperator => HttpContext.Account().IsOperator;

    public Task OnGet(CancellationToken cancellationToken) => Load(cancellationToken);

    public async Task<IActionResult> OnPostLetIn(string? sender, CancellationToken cancellationToken) => await After(
        await senders.LetIn(SiteId, sender ?? "", cancellationToken), name => $"{name} may send leads for {Site.Name} from now on.",
        "It is no longer on offer.", cancellationToken);

    public async Task<IActionResult> OnPostWithdraw(string? sender, CancellationToken cancellationToken) => await After(
        await senders.Withdraw(SiteId, sender ?? "", cancellationToken), name => $"{name} may no longer send leads for {Site.Name}.",
        "It was withdrawn already.", cancellationToken);

    private async Task<IActionResult> After(
        Change<string> change, Func<string, string> notice, string gone, CancellationToken cancellationToken)
    {
        if (change.Refusal is not { } refusal)
        {
            this.Notice(notice(change.Made!));
            return RedirectToPage();
        }

        await Load(cancellationToken);
        return this.Refused(refusal.Status == StatusCodes.Status404NotFound ? Refusal.Conflict(gone) : refusal);
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        var all = await senders.List(SiteId, cancellationToken);
        (LetIn, OnOffer) = ([.. all.Where(sender => sender.IsLetIn)], [.. all.Where(sender => !sender.IsLetIn)]);
    }
}
