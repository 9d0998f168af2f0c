using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>What is kept of a person over all sites: a look, a copy, an erasure.</summary>
internal sealed class PersonModel(PersonFields fields) : PageModel
{
    [BindProperty(Name = "email")]
    public string? Email { get; set; }

    [BindProperty(Name = "phone")]
    public string? Phone { get; set; }

    [BindProperty(Name = "reason")]
    public string? Reason { get; set; }

    public PersonForm Form { get; private set; } = null!;

    private PersonRequest Typed => new(Email, Phone, Reason);

    public void OnGet() => Form = fields.Empty(this, site: null);

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken) =>
        Show(await fields.Find(this, site: null, Typed, cancellationToken));

    [ConfirmFirst]
    public async Task<IActionResult> OnPostExport(CancellationToken cancellationToken) =>
        Show(await fields.Export(this, site: null, Typed, cancellationToken));

    [ConfirmFirst]
    public async Task<IActionResult> OnPostErase(CancellationToken cancellationToken) =>
        Show(await fields.Erase(this, site: null, Typed, cancellationToken));

    private IActionResult Show((PersonForm Form, IActionResult Answer) done)
    {
        Form = done.Form;
        return done.Answer;
    }
}
