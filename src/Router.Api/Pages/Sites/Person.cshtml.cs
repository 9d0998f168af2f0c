using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Sites;

/// <summary>What is kept of a person at this site: a look, a copy, an erasure.</summary>
internal sealed class PersonModel(NpgsqlDataSource database, PersonFields fields) : SitePage(database)
{
    [BindProperty(Name = "email")]
    public string? Email { get; set; }

    [BindProperty(Name = "phone")]
    public string? Phone { get; set; }

    [BindProperty(Name = "reason")]
    public string? Reason { get; set; }

    public PersonForm Form { get; private set; } = null!;

    private PersonRequest Typed => new(Email, Phone, Reason);

    public void OnGet() => Form = fields.Empty(this, SiteId);

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken) =>
        Show(await fields.Find(this, SiteId, Typed, cancellationToken));

    [ConfirmFirst]
    public async Task<IActionResult> OnPostExport(CancellationToken cancellationToken) =>
        Show(await fields.Export(this, SiteId, Typed, cancellationToken));

    [ConfirmFirst]
    public async Task<IActionResult> OnPostErase(CancellationToken cancellationToken) =>
        Show(await fields.Erase(this, SiteId, Typed, cancellationToken));

    private IActionResult Show((PersonForm Form, IActionResult Answer) done)
    {
        Form = done.Form;
        return done.Answer;
    }
}
