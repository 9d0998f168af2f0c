using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Api.OpenIdConnect;
using Router.Hosting.ApiSettings;

namespace Router.Api.Pages;

/// <summary>Sends a browser to the provider: to sign in, to confirm who it is, or to connect an account there with the one here.</summary>
internal sealed class SignInWithProviderModel(
    IOptions<ProviderOptions> options, ProviderPresence presence, ProviderLogins logins, TimeProvider time) : PageModel
{
    [BindProperty(Name = "return", SupportsGet = true)]
    public string? Return { get; set; }

    /// <summary>Whether whoever it is must show it once more.</summary>
    [BindProperty(Name = "confirm", SupportsGet = true)]
    public bool Confirms { get; set; }

    /// <summary>The wish of the account that is signed in.</summary>
    [BindProperty(Name = "connect", SupportsGet = true)]
    public string? Connect { get; set; }

    public async Task<IActionResult> OnGet()
    {
        var next = LocalPath.Of(Return, Url);
        if (!options.Value.IsSet)
            return Redirect("/");
        if (!await presence.Answers())
            return Redirect(ProviderRefusals.Page(HttpContext.SignedIn() is not null, ProviderRefusals.Unavailable, next));

        Guid? connect = null;
        if (Connect is not null)
        {
            connect = logins.Wished(Connect);
            if (connect is null || connect != HttpContext.SignedIn()?.Id)
                return Redirect("/account/provider");
        }

        return Challenge(new ProviderTrip(next, connect, Confirms).ToProperties(time.GetUtcNow()), ProviderHosting.SchemeName);
    }
}
