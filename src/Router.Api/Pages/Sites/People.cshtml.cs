using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Pages.Sites;

/// <summary>Who sees this site. Its owners invite colleagues, and say who of them may change something.</summary>
internal sealed class PeopleModel(NpgsqlDataSource database, SitePeople people, AccountMail mail) : SitePage(database)
{
    [BindProperty(Name = "email")]
    public string? Email { get; set; }

    [BindProperty(Name = "role")]
    public string? Role { get; set; }

    public IReadOnlyList<Person> People { get; private set; } = [];

    public bool CanMail => mail.IsSet;

    /// <summary>Shown this once.</summary>
    public Invitation? Invited { get; private set; }

    public Guid Own => HttpContext.Account().Id;

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Invited = this.ShownNow<Invitation>();
        People = await people.List(SiteId, cancellationToken);
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostAdd(CancellationToken cancellationToken)
    {
        var added = await people.Add(SiteId, Email, Role, cancellationToken);
        if (added.Refusal is { } refusal)
            return await Refuse(refusal, cancellationToken);

        return Invite(added.Made!)
            ?? Done($"{added.Made!.Person.Email} sees {Site.Name} from now on, as {Named(added.Made.Person.Role)}.");
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostRole(Guid account, CancellationToken cancellationToken)
    {
        var changed = await people.ChangeRole(SiteId, account, Role, cancellationToken);
        return changed.Refusal is { } refusal ? await Refuse(refusal, cancellationToken)
            : Done($"{changed.Made!.Email} is {Named(changed.Made.Role)} of {Site.Name} now.");
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostLink(Guid account, CancellationToken cancellationToken)
    {
        var made = await people.NewLink(SiteId, account, cancellationToken);
        return made.Refusal is { } refusal ? await Refuse(refusal, cancellationToken) : Invite(made.Made!)!;
    }

    [Uncounted]
    [ConfirmFirst]
    public async Task<IActionResult> OnPostRemove(Guid account, CancellationToken cancellationToken)
    {
        var removed = await people.Remove(SiteId, account, cancellationToken);
        return removed.Refusal is { } refusal ? await Refuse(refusal, cancellationToken) : Done($"{Email} can no longer see {Site.Name}.");
    }

    /// <summary>Shows the link, or says what became of it; null for somebody who needs none.</summary>
    private RedirectToPageResult? Invite(NewPerson person)
    {
        if (person.Invitation is { } invitation)
        {
            this.ShowOnce(invitation);
            return RedirectToPage();
        }

        return person.IsMailed switch
        {
            true => Done($"An invitation is on its way to {person.Person.Email} by mail. It works for seven days."),
            false => Done(
                $"{person.Person.Email} is invited, but no mail could be sent to them. Press New invitation in a quarter of an hour."),
            null => null,
        };
    }

    private RedirectToPageResult Done(string sentence)
    {
        this.Notice(sentence);
        return RedirectToPage();
    }

    private async Task<IActionResult> Refuse(Refusal refusal, CancellationToken cancellationToken)
    {
        People = await people.List(SiteId, cancellationToken);
        return this.Refused(refusal, "email");
    }

    private static string Named(string role) => role == SiteRoles.Owner ? "an owner" : "a viewer";
}
