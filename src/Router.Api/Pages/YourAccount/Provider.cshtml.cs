using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.OpenIdConnect;
using Router.Hosting.ApiSettings;

namespace Router.Api.Pages.YourAccount;

/// <summary>Connects the account that is signed in with one of the provider's, and ends that.</summary>
internal sealed class ProviderModel(IOptions<ProviderOptions> options, ProviderLogins logins, SignIns signIns) : PageModel
{
    public string Name => options.Value.Name;

    /// <summary>Null where it isn't connected.</summary>
    public DateTimeOffset? ConnectedAt { get; private set; }

    public bool MayDisconnect { get; private set; }

    /// <summary>Why it could not be connected.</summary>
    public string? Refused { get; private set; }

    /// <summary>
    /// Where the browser goes next. By a page rather than by an answer to the form: forms of ours lead to no other host, and browsers see
    /// to that.
    /// </summary>
    public string? Onward { get; private set; }

    public async Task<IActionResult> OnGet([FromQuery(Name = "refused")] string? refused, CancellationToken cancellationToken)
    {
        if (!options.Value.IsSet)
            return Redirect("/account");

        Refused = ProviderRefusals.Sentence(refused, Name);
        var account = HttpContext.Account();
        ConnectedAt = await logins.ConnectedAt(account.Id, cancellationToken);
        MayDisconnect = await signIns.HasPassword(account.Id, cancellationToken);
        return Page();
    }

    [ConfirmFirst]
    public IActionResult OnPostConnect()
    {
        if (!options.Value.IsSet)
            return Redirect("/account");

        Onward = "/sign-in/with-provider" + QueryString.Create([
            KeyValuePair.Create("connect", (string?)logins.Wish(HttpContext.Account().Id)),
            KeyValuePair.Create("return", (string?)"/account/provider")]);
        return Page();
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostDisconnect(CancellationToken cancellationToken)
    {
        if (options.Value.RolesWithPassword.Contains(HttpContext.Account().Role, StringComparer.Ordinal)
            && await logins.Disconnect(cancellationToken))
            this.Notice($"Disconnected: from now on you sign in with your password, and no longer with {Name}.");
        return RedirectToPage();
    }
}
