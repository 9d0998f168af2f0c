using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Hosting.ApiSettings;

namespace Router.Api.Pages;

/// <summary>What the page of one site and that of all sites do alike.</summary>
internal sealed class PersonFields(PersonData person, IOptions<AdminOptions> admin)
{
    public PersonForm Empty(PageModel page, Guid? site, PersonRequest? request = null)
    {
        var isOwn = site is { } one && page.HttpContext.Account().MaySeeLeads(one);
        return new PersonForm(request ?? new PersonRequest(), !isOwn, isOwn || admin.Value.OperatorsReadLeads, site is null);
    }

    /// <summary>What is kept, on the same page.</summary>
    public async Task<(PersonForm Form, IActionResult Answer)> Find(
        PageModel page, Guid? site, PersonRequest request, CancellationToken cancellationToken)
    {
        var form = Empty(page, site, request);
        var found = await person.LookUp(request, site, cancellationToken);
        return found.Refusal is { } refusal ? (form, page.Refused(refusal)) : (form with { Report = found.Made }, page.Page());
    }

    /// <summary>The copy, as a file.</summary>
    public async Task<(PersonForm Form, IActionResult Answer)> Export(
        PageModel page, Guid? site, PersonRequest request, CancellationToken cancellationToken)
    {
        var file = await person.Export(request, site, cancellationToken);
        return (Empty(page, site, request), file.Refusal is { } refusal ? page.Refused(refusal)
            : file.Made!);
    }

    /// <summary>What was erased and what can't be, on the same page. Sent again it finds nothing.</summary>
    public async Task<(PersonForm Form, IActionResult Answer)> Erase(
        PageModel page, Guid? site, PersonRequest request, CancellationToken cancellationToken)
    {
        var form = Empty(page, site, request);
        var erased = await person.Erase(request, site, cancellationToken);
        return erased.Refusal is { } refusal ? (form, page.Refused(refusal)) : (form with { Erased = erased.Made }, page.Page());
    }
}
